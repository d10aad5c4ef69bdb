function balanced(text::AbstractString)
    closers = Dict('(' => ')', '[' => ']', '{' => '}')
    expected = Char[]
    for c in text
        if haskey(closers, c)
            push!(expected, closers[c])
        elseif c in values(closers)
            (isempty(expected) || pop!(expected) != c) && return false
        end
    end
    return true
end
