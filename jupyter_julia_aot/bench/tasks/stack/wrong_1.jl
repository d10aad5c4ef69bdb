struct Stack{T}
    items::Vector{T}
    Stack{T}() where {T} = new{T}(T[])
end
Base.push!(s::Stack, x) = push!(s.items, x)
Base.pop!(s::Stack) = pop!(s.items)
Base.isempty(s::Stack) = isempty(s.items)
Base.length(s::Stack) = length(s.items)
