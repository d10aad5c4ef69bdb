# Pops the active test set.
# expect: failed error
using Test
f(x) = (Test.pop_testset(); x + 1)
