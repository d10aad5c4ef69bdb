# Compiled functions by function, backend, shapes and element types; and their comparison with plain Julia.

module ReactantEngine

include("calls.jl")
using .ReactantCalls

mutable struct Compiled
    thunk::Any
    seconds::Float64
    checked::Bool
    report::Dict{String,Any}
end

const COMPILED = Dict{Any,Compiled}()
const BACKEND = Ref("")

function use_backend(name::String)
    BACKEND[] == name && return ""
    why = ReactantCalls.choose_backend(name)
    isempty(why) && (BACKEND[] = name)
    return why
end

describe() = Dict{String,Any}("platform" => ReactantCalls.platform(), "devices" => Any[ReactantCalls.devices()...],
                              "version" => ReactantCalls.version())

# What a compilation depends on. Numbers are tracked: their values are no part of it; all else is frozen in.
kind(x::AbstractArray) = (eltype(x), size(x))
kind(x::Bool) = x
kind(x::Number) = typeof(x)
kind(x::Union{Tuple,NamedTuple}) = map(kind, x)
kind(x) = x

target(place::String, name::String) = Base.invokelatest(getfield, Base.invokelatest(getfield, Main, Symbol(place)), Symbol(name))

"The compiled function for these arguments, and whether it was made now."
function compiled(place::String, name::String, backend::String, args)
    key = (place, name, backend, map(kind, args))
    found = get(COMPILED, key, nothing)
    found === nothing || return found, false
    f = target(place, name)
    on_device = map(ReactantCalls.to_device, args)
    start = time_ns()
    thunk = Base.invokelatest(ReactantCalls.compile, f, on_device)
    made = Compiled(thunk, (time_ns() - start) / 1e9, false, Dict{String,Any}())
    COMPILED[key] = made
    return made, true
end

"Run a function; value and times. With `check`, a first result is compared with that of plain Julia."
function call(place::String, name::String, backend::String, check::Bool, args...)
    why = use_backend(backend)
    isempty(why) || throw(ErrorException(string("Reactant has no backend ", backend, ": ", why)))
    made, new = compiled(place, name, backend, args)
    on_device = map(ReactantCalls.to_device, args)
    start = time_ns()
    result = Base.invokelatest(made.thunk, on_device...)
    seconds = (time_ns() - start) / 1e9
    value = ReactantCalls.to_host(result)
    if check && !made.checked
        f = target(place, name)
        plain_args = map(a -> a isa AbstractArray ? copy(a) : a, args)
        began = time_ns()
        expected = Base.invokelatest(f, plain_args...)
        made.report = compare(value, expected)
        made.report["plain_seconds"] = (time_ns() - began) / 1e9
        made.checked = true
    end
    report = merge(made.report, Dict{String,Any}("value" => value, "compiled" => new, "compile_seconds" => made.seconds,
                   "run_seconds" => seconds, "platform" => ReactantCalls.platform(),
                   "peak_bytes" => ReactantCalls.peak_bytes()))
    return report
end

"Seconds of each of `times` runs, copies to and from the device left out."
function measure(place::String, name::String, backend::String, times::Int, args...)
    made, _ = compiled(place, name, backend, args)
    on_device = map(ReactantCalls.to_device, args)
    seconds = Float64[]
    for _ in 1:times
        start = time_ns()
        Base.invokelatest(made.thunk, on_device...)
        push!(seconds, (time_ns() - start) / 1e9)
    end
    return seconds
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

function hlo(place::String, name::String, optimized::Bool, args...)
    f = target(place, name)
    return Base.invokelatest(ReactantCalls.hlo, f, map(ReactantCalls.to_device, args), optimized)
end

"The program's StableHLO as Reactant exports it for jax."
function exported(place::String, name::String, args...)
    f = target(place, name)
    folder = mktempdir()
    try
        Base.invokelatest(ReactantCalls.export_program, f, map(ReactantCalls.to_device, args), folder, name)
        return read(joinpath(folder, string(replace(name, "!" => "_"), "_0.mlir")), String)
    finally
        rm(folder; recursive = true, force = true)
    end
end

function forget(place::String)
    filter!(pair -> pair.first[1] != place, COMPILED)
    return
end

end
