# cause: untyped container
# fixed: yes
function count_letters(text::String)
    counts = Dict()
    for c in text
        counts[c] = get(counts, c, 0) + 1
    end
    return counts
end

function @main(args)
    println(Core.stdout, count_letters("banana")['a'])
    return 0
end
