# Overrides how test sets finish.
# expect: failed error
using Test
Test.finish(ts::Test.DefaultTestSet) = ts
Test.do_test(result, orig) = nothing
f(x) = x + 1
