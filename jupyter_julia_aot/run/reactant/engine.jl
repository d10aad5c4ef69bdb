# Compiled functions by function, backend, shapes and element types; and their comparison with plain Julia.

module ReactantEngine

include("calls.jl")
using .ReactantCalls

mutable struct Compiled
    thunk::Any
    seconds::Float64
    report::Union{Nothing,Dict{String,Any}}     # the comparison with plain Julia, once it was made
    changes::Vector{Int}                        # arguments that the function changes
    returned::Int                               # the argument that it returns, 0 for none
end

const COMPILED = Dict{Any,Compiled}()
const BACKEND = Ref("")

function use_backend(name::String)
    BACKEND[] == name && return
    why = ReactantCalls.choose_backend(name)
    isempty(why) || throw(ErrorException(string("Reactant has no backend ", name, ": ", why)))
    BACKEND[] = name
    return
end

# What a compilation depends on. Numbers are tracked: their values are no part of it; all else is frozen in.
kind(x::AbstractArray) = (eltype(x), size(x))
kind(x::Bool) = x
kind(x::Number) = typeof(x)
kind(x::Union{Tuple,NamedTuple}) = map(kind, x)
kind(x) = x

target(place::String, name::String) = Base.invokelatest(getfield, Base.invokelatest(getfield, Main, Symbol(place)), Symbol(name))

"The compiled function for these arguments, and whether it was made now."
function compiled(place::String, name::String, backend::String, args)
    use_backend(backend)
    key = (place, name, backend, map(kind, args))
    found = get(COMPILED, key, nothing)
    found === nothing || return found, false
    f = target(place, name)
    on_device = map(ReactantCalls.to_device, args)
    start = time_ns()
    thunk = Base.invokelatest(ReactantCalls.compile, f, on_device)
    made = Compiled(thunk, (time_ns() - start) / 1e9, nothing, Int[], 0)
    COMPILED[key] = made
    return made, true
end

"Run a function; value and times. The first result of a compilation is compared with that of plain Julia."
function call(place::String, name::String, backend::String, args...)
    made, new = compiled(place, name, backend, args)
    on_device = map(ReactantCalls.to_device, args)
    start = time_ns()
    result = Base.invokelatest(made.thunk, on_device...)
    seconds = (time_ns() - start) / 1e9
    value = ReactantCalls.to_host(result)
    made.report === nothing && check(made, target(place, name), name, args, value, on_device)
    if made.report["equal"]
        # The device has copies of the arguments: what the function changed, it changed there.
        foreach(i -> copyto!(args[i], ReactantCalls.to_host(on_device[i])), made.changes)
    end
    return merge(made.report, Dict{String,Any}("value" => made.returned == 0 ? value : nothing,
                 "returned" => made.returned, "compiled" => new, "compile_seconds" => made.seconds,
                 "run_seconds" => seconds, "platform" => ReactantCalls.platform(),
                 "peak_bytes" => ReactantCalls.peak_bytes()))
end

"Compare a first result, and the arguments that the function changes, with those of plain Julia."
function check(made::Compiled, f, name::String, args, value, on_device)
    plain_args = map(a -> a isa AbstractArray ? copy(a) : a, args)
    began = time_ns()
    expected = Base.invokelatest(f, plain_args...)
    seconds = (time_ns() - began) / 1e9
    arrays = Int[i for i in eachindex(args) if args[i] isa AbstractArray]
    made.changes = endswith(name, "!") ? arrays : filter(i -> !isequal(plain_args[i], args[i]), arrays)
    after = Tuple(ReactantCalls.to_host(on_device[i]) for i in made.changes)
    at = findfirst(i -> plain_args[i] === expected, arrays)
    at === nothing || (made.returned = arrays[at])
    made.report = compare((value, after...), (expected, plain_args[made.changes]...))
    made.report["plain_seconds"] = seconds
    return
end

# ---------------------------------------------------------------- the same result?

"""
The relative error in the Euclidean norm over all numbers of a result, and what it may be: the square root of the
machine epsilon of the least precise type in it (3.5e-4 for Float32, 1.5e-8 for Float64), 0 for whole numbers.
"""
function compare(value, expected)
    a, b = flat(value), flat(expected)
    tolerance = maximum(Any[tolerance_of(value), tolerance_of(expected)])
    same_shape = shape(value) == shape(expected)
    difference = same_shape ? relative(a, b) : Inf
    return Dict{String,Any}("equal" => difference <= tolerance, "difference" => difference, "tolerance" => tolerance,
                            "same_shape" => same_shape)
end

flat(x::Number) = ComplexF64[x]
flat(x::AbstractArray{<:Number}) = ComplexF64[y for y in vec(x)]
flat(x::Union{Tuple,NamedTuple}) = foldl(vcat, map(flat, values(x)); init = ComplexF64[])
flat(x) = ComplexF64[]

shape(x::AbstractArray) = size(x)
shape(x::Number) = ()
shape(x::Union{Tuple,NamedTuple}) = map(shape, values(x))
shape(x) = x

tolerance_of(x::AbstractArray{T}) where {T<:Number} = tolerance_of(T)
tolerance_of(x::Number) = tolerance_of(typeof(x))
tolerance_of(::Type{<:Integer}) = 0.0
tolerance_of(::Type{Complex{T}}) where {T} = tolerance_of(T)
tolerance_of(::Type{T}) where {T<:AbstractFloat} = sqrt(Float64(eps(T)))
tolerance_of(x::Union{Tuple,NamedTuple}) = isempty(x) ? 0.0 : maximum(Any[map(tolerance_of, values(x))...])
tolerance_of(x) = 0.0

function relative(a, b)
    isempty(b) && return isempty(a) ? 0.0 : Inf
    total, scale = 0.0, 0.0
    for (x, y) in zip(a, b)
        x == y && (scale += abs2(y); continue)      # infinities of one sign are equal
        isnan(x) && isnan(y) && continue
        total += abs2(x - y)
        scale += abs2(y)
    end
    total == 0 && return 0.0
    error = sqrt(total) / (scale > 0 ? sqrt(scale) : 1.0)
    return isnan(error) ? Inf : error
end

# ---------------------------------------------------------------- StableHLO

function hlo(place::String, name::String, backend::String, optimized::Bool, args...)
    use_backend(backend)
    f = target(place, name)
    return Base.invokelatest(ReactantCalls.hlo, f, map(ReactantCalls.to_device, args), optimized)
end

"The program's StableHLO as Reactant exports it for jax, and how many of its results are the function's."
function exported(place::String, name::String, backend::String, args...)
    made, _ = compiled(place, name, backend, args)
    result = Base.invokelatest(made.thunk, map(ReactantCalls.to_device, args)...)
    count = Base.invokelatest(ReactantCalls.count_results, result)
    f = target(place, name)
    folder = mktempdir()
    try
        Base.invokelatest(ReactantCalls.export_program, f, map(ReactantCalls.to_device, args), folder, name)
        text = read(joinpath(folder, string(replace(name, "!" => "_"), "_0.mlir")), String)
        return Dict{String,Any}("text" => text, "results" => count)
    finally
        rm(folder; recursive = true, force = true)
    end
end

end
