# cause: splatting a collection
# fixed: yes
function @main(args)
    values = [3, 9, 4]
    println(Core.stdout, max(values...))
    return 0
end
