function memoize(f)
    known = Dict{Any,Any}()
    return function (x)
        value = get(known, x, nothing)
        if value === nothing
            value = known[x] = f(x)
        end
        return value
    end
end
