function longest_increasing(v::AbstractVector)
    isempty(v) && return 0
    best = run = 1
    for i in 2:length(v)
        run = v[i] > v[i-1] ? run + 1 : 1
        best = max(best, run)
    end
    return best
end
