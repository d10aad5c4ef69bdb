# cause: mixed container
# fixed: yes
function @main(args)
    println(Core.stdout, sort(Any[3, 1, 2]))
    return 0
end
