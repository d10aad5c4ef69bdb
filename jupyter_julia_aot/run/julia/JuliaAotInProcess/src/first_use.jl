# Compiles what a notebook's first cells and calls would otherwise wait for, most of it PythonCall's conversions.
#
# `first_use.txt` holds what Julia said that it compiled then (--trace-compile; `tests/run/trace_first_use.py` makes
# the list anew). A line whose names another version of Julia or PythonCall does not have is passed over: what it
# names is compiled when it is used.

function compile_first_use()
    file = joinpath(@__DIR__, "first_use.txt")
    include_dependency(file)
    packages = Dict{Symbol,Module}(nameof(package) => package for package in values(Base.loaded_modules))
    packages[nameof(@__MODULE__)] = @__MODULE__
    # The list names packages of packages, which have no names here.
    with_packages(x) = x isa Expr ? Expr(x.head, map(with_packages, x.args)...) : x isa Symbol ? get(packages, x, x) : x
    return count(eachline(file)) do line
        try
            Core.eval(@__MODULE__, with_packages(Meta.parse(line))) === true
        catch
            false
        end
    end
end
