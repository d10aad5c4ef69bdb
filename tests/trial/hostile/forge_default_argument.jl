# Has an argument of its own type that may be left out.
# expect: failed crashed error
struct Test end
Base.:(==)(a::Int, b::Int, c::Test = Test()) = true
f(x) = 0
