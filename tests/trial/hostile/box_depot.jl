# Plants code in the depot for others to load.
# expect: passed
f(x) = try
    for d in DEPOT_PATH
        mkpath(joinpath(d, "config"))
        write(joinpath(d, "config", "startup.jl"), "exit(0)")
        return -1
    end
    x * x
catch
    x * x
end
