# Redefines show and print.
# expect: passed failed error crashed
Base.print(io::IO, s::String) = nothing
Base.println(xs...) = error("no printing")
f(x) = x * x
