# Doubles a text without end.
# expect: memory timeout
f(x) = begin
    s = "ab"
    while true
        s = s * s
    end
end
