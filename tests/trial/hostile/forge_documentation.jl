# Finds a module, and with it eval, in the documentation of a function.
# expect: failed error blocked crashed
const FOUND = (@doc sin).meta[:results][1].data[:module]
FOUND.eval(Expr(:(=), Expr(:call, Expr(:., :Base, QuoteNode(:(==))), Expr(:(::), :a, :Int), Expr(:(::), :b, :Int)), true))
f(x) = 0
