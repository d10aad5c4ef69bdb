# cause: print to stdout
# fixed: yes
function @main(args)
    println("hello")
    println("sum = ", sum(1:10))
    return 0
end
