# cause: untyped container
# fixed: yes
function @main(args)
    words = Any[]
    for word in split("one two three")
        push!(words, String(word))
    end
    println(Core.stdout, length(words[1]) + length(words[3]))
    return 0
end
