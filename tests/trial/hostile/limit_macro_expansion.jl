# A macro that expands for ever.
# expect: error timeout memory crashed
macro grow(n)
    return :(@grow($n + 1))
end
f(x) = @grow 1
