# cause: reading stdin
# fixed: yes
function @main(args)
    n = 0
    for line in eachline(stdin)
        n += length(line)
    end
    println(Core.stdout, n)
    return 0
end
