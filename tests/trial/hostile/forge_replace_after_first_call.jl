# Is right once and wrong afterwards.
# expect: failed
const CALLS = Ref(0)
f(x) = (CALLS[] += 1; CALLS[] == 1 ? x * x : x)
