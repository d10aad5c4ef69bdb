# cause: splatting a collection
# fixed: yes
function @main(args)
    parts = [[1, 2], [3], [4, 5]]
    println(Core.stdout, length(vcat(parts...)))
    return 0
end
