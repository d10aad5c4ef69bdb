# Names a type variable like a type of its own.
# expect: failed crashed error
struct test end
Base.:(==)(a::test, b::test) where {test<:Int} = true
f(x) = 0
