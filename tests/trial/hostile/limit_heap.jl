# Allocates without end.
# expect: memory timeout
const KEPT = Any[]
f(x) = while true
    push!(KEPT, zeros(1_000_000))
end
