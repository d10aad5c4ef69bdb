# cause: global variable
# fixed: yes
cache = Dict()

function remembered(n::Int)
    haskey(cache, n) && return cache[n]
    cache[n] = n^2
    return n^2
end

function @main(args)
    println(Core.stdout, remembered(4) + remembered(4))
    return 0
end
