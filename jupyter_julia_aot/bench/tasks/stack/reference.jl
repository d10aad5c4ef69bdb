struct Stack{T}
    items::Vector{T}
    Stack{T}() where {T} = new{T}(T[])
end
function Base.push!(s::Stack, x)
    push!(s.items, x)
    return s
end
function Base.pop!(s::Stack)
    isempty(s.items) && throw(ArgumentError("the stack is empty"))
    return pop!(s.items)
end
Base.isempty(s::Stack) = isempty(s.items)
Base.length(s::Stack) = length(s.items)
