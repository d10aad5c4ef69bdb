# Reaches eval through a module that is a value.
# expect: failed crashed error
using Random
const M = Random
M.eval(Expr(:(=), Expr(:call, Expr(:., :Base, QuoteNode(:(==))), Expr(:(::), :a, :Int), Expr(:(::), :b, :Int)), true))
f(x) = 0
