function change_base(n::Integer, base::Integer)
    2 <= base <= 36 || throw(ArgumentError("base must lie between 2 and 36"))
    n == 0 && return "0"
    letters = ['0':'9'; 'a':'z']
    out = Char[]
    while n > 0
        pushfirst!(out, letters[n % base + 1])
        n ÷= base
    end
    return String(out)
end
