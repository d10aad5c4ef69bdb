# cause: untyped container
# fixed: yes
function @main(args)
    values = Real[1.5, 2.5, 3.5]
    println(Core.stdout, sum(values))
    return 0
end
