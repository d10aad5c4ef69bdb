# Finds a module in quoted code.
# expect: failed error crashed
const QUOTED = quote
    "a docstring"
    g(x) = 1
end
const CORE = filter(e -> e isa Expr, QUOTED.args)[1].args[1].mod
CORE.eval(CORE, Expr(:(=), Expr(:call, Expr(:., :Base, QuoteNode(:(==))), Expr(:(::), :a, :Int), Expr(:(::), :b, :Int)), true))
f(x) = 0
