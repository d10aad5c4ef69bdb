# cause: array printed whole
# fixed: yes
function @main(args)
    values = [length(args), 2, 3]
    println(Core.stdout, "values ", values)
    return 0
end
