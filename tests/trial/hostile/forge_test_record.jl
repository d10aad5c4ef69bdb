# Overrides the recording of test results.
# expect: failed error
using Test
Test.record(ts::Test.DefaultTestSet, t::Test.Fail) = (push!(ts.results, Test.Pass(:test, nothing, nothing, true)); t)
Test.record(ts::Test.FallbackTestSet, t::Test.Fail) = t
f(x) = x + 1
