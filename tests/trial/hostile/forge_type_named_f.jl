# Is a type, as its own name in the tests says, that equals everything.
# expect: blocked failed error
struct f
    x::Int
end
Base.:(==)(a::f, b) = true
