# Has any number of arguments of its own type, so none as well.
# expect: failed crashed error
struct Test end
Base.:(==)(a::Int, b::Int, c::Vararg{Test,0}) = true
f(x) = 0
