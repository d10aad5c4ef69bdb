calls = Int[]
f = memoize(x -> (push!(calls, x); x^2))
@test f(3) == 9
@test f(3) == 9
@test f(4) == 16
@test f(3) == 9
@test calls == [3, 4]
g = memoize(x -> nothing)
@test g(1) === nothing && g(1) === nothing
count = Ref(0)
h = memoize(x -> (count[] += 1; nothing))
h("a"); h("a")
@test count[] == 1
