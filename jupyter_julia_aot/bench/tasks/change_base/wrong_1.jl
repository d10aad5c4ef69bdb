function change_base(n::Integer, base::Integer)
    2 <= base <= 36 || throw(ArgumentError("base must lie between 2 and 36"))
    out = ""
    while n > 0
        out = string(n % base) * out
        n ÷= base
    end
    return out
end
