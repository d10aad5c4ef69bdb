function memoize(f)
    known = Dict{Any,Any}()
    return x -> get!(() -> f(x), known, x)
end
