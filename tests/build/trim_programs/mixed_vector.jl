# cause: unknown type
# fixed: yes
function @main(args)
    row = Any[1, "two", 3.0]
    for item in row
        println(Core.stdout, item)
    end
    return 0
end
