# cause: reading stdin
# fixed: yes
function @main(args)
    line = readline()
    println(Core.stdout, "read ", line)
    return 0
end
