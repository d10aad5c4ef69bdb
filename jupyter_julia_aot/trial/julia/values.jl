# Values between Python and Julia, exact both ways: the format is documented in ../values.py.
# Standard library only. Nothing outside that list is ever constructed from bytes.

module Values

export Store, encode, decode, forget!, share!, Malformed

struct Malformed <: Exception
    why::String
end
Base.showerror(io::IO, e::Malformed) = print(io, "malformed value: ", e.why)

include("windows.jl")

"What a session keeps for Python: objects behind handles, and the windows that big arrays go through."
mutable struct Store
    objects::Dict{Int,Any}
    next::Int
    shared_bytes::Int                   # arrays of at least so many bytes go through a window
    to_us::Union{Window,Nothing}        # nothing: nothing is shared
    from_us::Union{Window,Nothing}
end
Store() = Store(Dict{Int,Any}(), 1, 1 << 16, nothing, nothing)

"Share the windows in a folder with Python."
function share!(store::Store, folder::String, shared_bytes::Int)
    store.to_us, store.from_us = Window(joinpath(folder, ".to-julia")), Window(joinpath(folder, ".from-julia"))
    store.shared_bytes = shared_bytes
    return
end

function forget!(store::Store, number::Int)
    delete!(store.objects, number)
    return
end

const MAX_DEPTH = 60
# Tables are filled from untyped lists: a tuple of thirty types would cost a second of compile time.
const NUMBERS = Dict{UInt8,DataType}()
const TAGS = Dict{DataType,UInt8}()
for (tag, T) in zip(Any[0:13; 15; 16], Any[Bool, Int8, Int16, Int32, Int64, Int128, UInt8, UInt16, UInt32, UInt64,
                                         UInt128, Float16, Float32, Float64, Complex{Float32}, Complex{Float64}])
    NUMBERS[tag] = T
    TAGS[T] = tag
end
# What NumPy has an element type for.
const Plain = Union{Bool,Int8,Int16,Int32,Int64,UInt8,UInt16,UInt32,UInt64,Float16,Float32,Float64,
                    Complex{Float32},Complex{Float64}}
const Wide = Union{Int8,Int16,Int32,Int128,UInt8,UInt16,UInt32,UInt64,UInt128,Float16,Float32,
                   Complex{Float32},Complex{Float64}}
const Bits = Union{Int8,Int16,Int32,Int64,Int128,UInt8,UInt16,UInt32,UInt64,UInt128}

# ---------------------------------------------------------------- types

const NAMED = Dict{String,Type}()
const NAMES = Dict{Type,String}()
for T in Any[Any, Bool, Int8, Int16, Int32, Int64, Int128, UInt8, UInt16, UInt32, UInt64, UInt128, BigInt, Float16,
             Float32, Float64, BigFloat, Char, String, Symbol, Nothing, Missing, Number, Real, Integer, Signed,
             Unsigned, AbstractFloat, AbstractString, AbstractChar]
    NAMED[string(T)] = T
    NAMES[T] = string(T)
end
const ONE_PARAMETER = Dict{String,Any}()
const MANY_PARAMETERS = Dict{String,Any}()
for (name, T) in Any[("Complex", Complex), ("Rational", Rational), ("Set", Set), ("UnitRange", UnitRange),
                     ("OneTo", Base.OneTo)]
    ONE_PARAMETER[name] = T
end
for (name, T) in Any[("Pair", Pair), ("Dict", Dict), ("StepRange", StepRange)]
    MANY_PARAMETERS[name] = T
end

const DATES = Base.PkgId(Base.UUID("ade2ca70-3891-5945-98fb-dc099432e06a"), "Dates")
dates() = Base.require(DATES)
is_date(T) = T isa DataType && get(Base.loaded_modules, DATES, nothing) === parentmodule(T) &&
             nameof(T) in (:Date, :DateTime)

"A type as data, or nothing when the format has no name for it."
function describe(T)
    T isa Type || return nothing
    haskey(NAMES, T) && return NAMES[T]
    if T isa Union
        return with_parameters("Union", Base.uniontypes(T))
    elseif !(T isa DataType) || any(p -> p isa TypeVar, T.parameters)
        return nothing
    elseif is_date(T)
        return string(nameof(T))
    elseif T <: Array
        inner = describe(T.parameters[1])
        return inner === nothing ? nothing : Any["Array", inner, T.parameters[2]]
    elseif T <: BitArray
        return Any["BitArray", T.parameters[1]]
    elseif T <: Tuple
        any(p -> !(p isa Type) || Base.isvarargtype(p), T.parameters) && return nothing
        return with_parameters("Tuple", T.parameters)
    elseif T <: NamedTuple
        names, kinds = T.parameters
        kinds isa DataType || return nothing
        rest = with_parameters("NamedTuple", kinds.parameters)
        return rest === nothing ? nothing : insert!(rest, 2, Any[String(n) for n in names])
    elseif T <: LinRange
        return length(T.parameters) == 1 || T.parameters[2] === Int ? with_parameters("LinRange", T.parameters[1:1]) : nothing
    elseif T <: StepRangeLen
        return T === step_range_type(T.parameters[1]) ? with_parameters("StepRangeLen", T.parameters[1:1]) : nothing
    end
    for table in (ONE_PARAMETER, MANY_PARAMETERS), (name, family) in table
        T <: family && T.name === Base.unwrap_unionall(family).name && return with_parameters(name, T.parameters)
    end
    return nothing
end

function with_parameters(name::String, parameters)
    kinds = Any[describe(p) for p in parameters]
    return any(k -> k === nothing, kinds) ? nothing : Any[name, kinds...]
end

step_range_type(T) = T <: Base.IEEEFloat ? typeof(range(zero(T), step = one(T), length = 2)) : Union{}

"The type that `describe` told of; the inverse function."
function the_type(data)
    if data isa String
        data in ("Date", "DateTime") && return getfield(dates(), Symbol(data))::Type
        return get(() -> throw(Malformed("unknown type")), NAMED, data)
    end
    data isa Vector{Any} && !isempty(data) && data[1] isa String || throw(Malformed("not a type"))
    name, parameters = data[1], data[2:end]
    if name == "Array" && length(parameters) == 2
        return Array{the_type(parameters[1]),rank(parameters[2])}
    elseif name == "BitArray" && length(parameters) == 1
        return BitArray{rank(parameters[1])}
    elseif name == "NamedTuple" && !isempty(parameters)
        names = field_names(parameters[1])
        kinds = Any[the_type(p) for p in parameters[2:end]]
        length(names) == length(kinds) || throw(Malformed("not a type"))
        return NamedTuple{names,Tuple{kinds...}}
    end
    kinds = Any[the_type(p) for p in parameters]
    try
        name == "Union" && return Union{kinds...}
        name == "Tuple" && return Tuple{kinds...}
        haskey(ONE_PARAMETER, name) && length(kinds) == 1 && return ONE_PARAMETER[name]{kinds[1]}
        haskey(MANY_PARAMETERS, name) && length(kinds) == 2 && return MANY_PARAMETERS[name]{kinds...}
        name == "LinRange" && length(kinds) == 1 && return typeof(LinRange(zero(kinds[1]), one(kinds[1]), 2))
        name == "StepRangeLen" && length(kinds) == 1 && return step_range_type(kinds[1])
    catch error
        error isa Union{TypeError,MethodError} || rethrow()
    end
    throw(Malformed("unknown type"))
end

rank(n) = n isa Int && 0 <= n <= 32 ? n : throw(Malformed("not a number of dimensions"))

function field_names(names)
    names isa Vector{Any} && all(n -> n isa String && !('\0' in n), names) && allunique(names) ||
        throw(Malformed("not field names"))
    return Tuple(Symbol(n) for n in names)
end

include("values_encode.jl")
include("values_decode.jl")

end
