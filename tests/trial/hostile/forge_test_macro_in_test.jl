# Redefines the macro @test in the Test package.
# expect: failed error blocked
using Test
Core.eval(Test, :(macro test(args...) true end))
f(x) = x + 1
