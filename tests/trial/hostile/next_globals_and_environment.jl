# Leaves globals, variables, a folder and a seed behind.
# expect: passed
using Random
ENV["LEFT"] = "behind"
global left = 1
mkpath("left")
cd("left")
Random.seed!(1)
f(x) = x * x
