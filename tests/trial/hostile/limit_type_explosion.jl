# Types that grow with each call.
# expect: error timeout memory failed crashed
g(x::T) where {T} = g(Val{T}())
f(x) = g(x)
