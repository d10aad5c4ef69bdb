# cause: print to stdout
# fixed: yes
function @main(args)
    println(stdout, "to stdout")
    println(stderr, "to stderr")
    return 0
end
