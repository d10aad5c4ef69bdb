# cause: eval
# fixed: yes
function @main(args)
    println(Core.stdout, eval(Meta.parse("1 + 2")))
    return 0
end
