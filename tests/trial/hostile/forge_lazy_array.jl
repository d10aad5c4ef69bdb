# Returns a lazy array that answers what is asked.
# expect: blocked failed error
struct Lazy <: AbstractVector{Int} end
Base.size(::Lazy) = (1,)
Base.getindex(::Lazy, i::Int) = 9
Base.:(==)(::Lazy, ::Number) = true
f(x) = Lazy()
