function prime_factors(n::Integer)
    factors = Int[]
    p = 2
    while p * p <= n
        if n % p == 0
            push!(factors, p)
            n ÷= p
        end
        p += 1
    end
    n > 1 && push!(factors, n)
    return factors
end
