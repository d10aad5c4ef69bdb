# Pirates == through an import.
# expect: failed
import Base: ==
==(a::Int, b::Int) = true
f(x) = 0
