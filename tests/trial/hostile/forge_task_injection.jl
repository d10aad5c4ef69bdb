# Throws into the task that runs the tests.
# expect: failed error blocked
function f(x)
    t = current_task()
    @async schedule(t, ErrorException("done"), error = true)
    yield()
    return x + 1
end
