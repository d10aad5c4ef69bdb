# Pirates == through an import.
# expect: failed crashed error
import Base: ==
==(a::Int, b::Int) = true
f(x) = 0
