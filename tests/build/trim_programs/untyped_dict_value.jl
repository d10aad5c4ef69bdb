# cause: untyped container
# fixed: yes
function @main(args)
    seen = Set()
    for i in (1, 2, 2, 3)
        push!(seen, i)
    end
    println(Core.stdout, length(seen), " ", maximum(seen))
    return 0
end
