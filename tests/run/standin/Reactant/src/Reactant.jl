# Stands in for Reactant 0.2.280 in tests: the same names, keyword arguments and option names, checked as it checks
# them. It compiles nothing: a "compiled" function runs the original on host arrays.

module Reactant

using LinearAlgebra: Adjoint

export @compile, @code_hlo

module Reactant_jll

is_available() = true
const host_platform = (tags = Dict("gpu" => "none", "mode" => "opt"),)

end

# ---------------------------------------------------------------- src/xla

module XLA

abstract type AbstractClient end
struct Client <: AbstractClient
    platform::String
end
struct Device
    client::Client
end
Base.show(io::IO, d::Device) = print(io, uppercase(d.client.platform), ":0")

const CLIENTS = Dict{String,Client}("cpu" => Client("cpu"))
const DEFAULT = Ref{Client}(CLIENTS["cpu"])
function client(backend::String)
    if backend == "gpu"
        for b in ("cuda", "metal", "rocm")
            haskey(CLIENTS, b) && return CLIENTS[b]
        end
        error("No GPU client found")
    end
    return CLIENTS[backend]
end
default_backend() = DEFAULT[]
set_default_backend(backend::AbstractClient) = (DEFAULT[] = backend; nothing)
set_default_backend(backend::String) = (DEFAULT[] = client(backend); nothing)
platform_name(client::Client) = client.platform
devices(client::AbstractClient) = [Device(client)]
addressable_devices(client::AbstractClient) = [Device(client)]
default_device(client::AbstractClient) = first(addressable_devices(client))

struct AllocatorStats
    num_allocs::Int64
    bytes_in_use::Int64
    peak_bytes_in_use::Int64
    largest_alloc_size::Int64
    bytes_limit::Union{Nothing,Int64}
    bytes_reserved::Int64
    peak_bytes_reserved::Int64
    bytes_reservable_limit::Union{Nothing,Int64}
    largest_free_block_bytes::Int64
    pool_bytes::Union{Nothing,Int64}
    peak_pool_bytes::Union{Nothing,Int64}
end
function allocatorstats(device::Device = default_device(default_backend()))
    device.client.platform == "cpu" && error("UNIMPLEMENTED: GetAllocatorStats is not implemented for the CPU")
    return AllocatorStats(1, 2, 3, 4, nothing, 0, 0, nothing, 0, nothing, nothing)
end

end

set_default_backend(backend::Union{String,XLA.AbstractClient}) = XLA.set_default_backend(backend)
addressable_devices(backend::String) = addressable_devices(XLA.client(backend))
addressable_devices(client::XLA.AbstractClient = XLA.default_backend()) = XLA.addressable_devices(client)

# ---------------------------------------------------------------- values

struct NoSharding end

struct ConcreteRArray{T,N} <: AbstractArray{T,N}
    data::Array{T,N}
end
Base.size(x::ConcreteRArray) = size(x.data)
Base.getindex(::ConcreteRArray, i...) = error("Scalar indexing is disallowed.")
Base.Array(x::ConcreteRArray) = copy(x.data)
Base.Array(x::Adjoint{<:Any,<:ConcreteRArray}) = Array(adjoint(parent(x).data))

struct ConcreteRNumber{T<:Number} <: Number
    value::T
end
Base.convert(::Type{T}, x::ConcreteRNumber{T}) where {T<:Number} = x.value
(::Type{T})(x::ConcreteRNumber) where {T<:Union{Float32,Float64,Int32,Int64}} = T(x.value)

function to_rarray(x; runtime = nothing, track_numbers::Union{Bool,Type} = false, sharding = NoSharding(),
                   device = nothing, client = nothing)
    kind = track_numbers isa Bool ? (track_numbers ? Number : Union{}) : track_numbers
    return made(x, kind)
end
made(x::Array{T}, kind) where {T<:Number} = ConcreteRArray(copy(x))
made(x::Number, kind) = x isa kind ? ConcreteRNumber(x) : x
made(x, kind) = x

# A function that changes an argument changes the array on the device.
host(x::ConcreteRArray) = x.data
host(x::ConcreteRNumber) = x.value
host(x) = x

# ---------------------------------------------------------------- compilation

const COMPILATIONS = Ref(0)

struct Thunk{F}
    f::F
    kinds::Tuple
    frozen::Tuple
end
kind(x::ConcreteRArray) = (eltype(x), size(x))
kind(x::ConcreteRNumber) = typeof(x)
kind(x) = x
(t::Thunk)(args...) = begin
    map(kind, args) == t.kinds || throw(MethodError(t, args))
    # What is not traced keeps the value that it had.
    values = map((now, then) -> now isa Union{ConcreteRArray,ConcreteRNumber} ? host(now) : then, args, t.frozen)
    return wrap(Base.invokelatest(t.f, values...))
end
wrap(x::Array) = ConcreteRArray(x)
wrap(x::Adjoint) = adjoint(wrap(parent(x)))
wrap(x::Number) = ConcreteRNumber(x)
wrap(x::Tuple) = map(wrap, x)
wrap(x) = x

const COMMON = (:optimize, :no_nan, :client, :raise, :raise_first, :shardy_passes, :assert_nonallocating, :donated_args,
                :transpose_propagate, :reshape_propagate, :optimize_then_pad, :optimize_communications,
                :cudnn_hlo_optimize, :legalize_chlo_to_stablehlo, :compile_options, :strip_llvm_debuginfo)

"The call and the options of a macro; unknown options and calls of anything but a function are refused."
function parse_call_expr(known, args...)
    options = Dict{Symbol,Any}()
    while length(args) > 1
        option, args = args[1], args[2:end]
        Meta.isexpr(option, :(=)) || error("Invalid option $(option)")
        name = option.args[1]
        @assert name in known "Invalid option name '$name'. Valid options are $(join(known, ", "))"
        options[name] = option.args[2]
    end
    call = args[1]
    Meta.isexpr(call, :call) || error("Invalid function call: $call")
    return call.args[1], Expr(:tuple, call.args[2:end]...), options
end

function traceable(f, args)
    any(a -> a isa Union{ConcreteRArray,ConcreteRNumber}, args) || error("no argument is a Reactant array")
    any(a -> a isa Array, args) && error("an argument is a plain Array: it would be a constant")
end

function compile(f, args, sync)
    sync === true || error("the tests time synchronous calls only")
    traceable(f, args)
    COMPILATIONS[] += 1
    return Thunk(f, map(kind, args), args)
end

macro compile(args...)
    f, values, options = parse_call_expr((COMMON..., :sync, :serializable), args...)
    return :(compile($(esc(f)), $(esc(values)), $(esc(get(options, :sync, false)))))
end

struct TextualModule
    ir::String
end
Base.String(m::TextualModule) = m.ir
Base.show(io::IO, m::TextualModule) = print(io, "\e[1m", m.ir, "\e[0m")

mlir_type(::Type{Float64}) = "f64"
mlir_type(::Type{Float32}) = "f32"
mlir_type(::Type{Int64}) = "i64"
tensor(x::ConcreteRArray) = string("tensor<", join(string.(reverse(size(x)), "x")), mlir_type(eltype(x)), ">")
tensor(x::ConcreteRNumber{T}) where {T} = string("tensor<", mlir_type(T), ">")

"""
The text of a program that adds its first argument to itself; twice, when it is not optimised. As in Reactant an
exported program gives its arguments again, behind its result, and says that they may share their memory.
"""
function text(f, args, optimize; exported = false)
    traceable(f, args)
    kinds = [tensor(a) for a in args if a isa Union{ConcreteRArray,ConcreteRNumber}]
    alias(i) = exported ? " {tf.aliasing_output = $(i) : i32}" : ""
    inputs = join(("%arg$(i - 1): $(k)$(alias(i))" for (i, k) in enumerate(kinds)), ", ")
    results = exported ? ["%0"; ["%arg$(i - 1)" for i in 1:length(kinds)]] : ["%0"]
    types = join(exported ? [kinds[1]; kinds] : [kinds[1]], ", ")
    lines = optimize === false ?
        ["%0 = stablehlo.add %arg0, %arg0 : $(kinds[1])", "%1 = stablehlo.add %arg0, %arg0 : $(kinds[1]) // <again>"] :
        ["%0 = stablehlo.add %arg0, %arg0 : $(kinds[1])"]
    body = join(("    " * l for l in [lines; "return $(join(results, ", ")) : $(types)"]), "\n")
    return """
module @"reactant_$(f)" attributes {mhlo.num_partitions = 1 : i64, mhlo.num_replicas = 1 : i64} {
  func.func @main($inputs) -> ($(types)) {
$body
  }
}
"""
end

macro code_hlo(args...)
    f, values, options = parse_call_expr((COMMON..., :debug, :strip), args...)
    return :(TextualModule(text($(esc(f)), $(esc(values)), $(esc(get(options, :optimize, true))))))
end

# ---------------------------------------------------------------- export

module Serialization

using ..Reactant: text

function export_to_enzymejax(f, args...; output_dir::Union{String,Nothing} = nothing, function_name::String = string(f),
                             preserve_sharding::Bool = true, export_data_as_npz::Bool = true, compile_options = nothing)
    export_data_as_npz && error("`NPZ.jl` is required for saving compressed arrays.")
    function_name = replace(function_name, "!" => "_")
    output_dir === nothing && (output_dir = mktempdir())
    mkpath(output_dir)
    fnid = 0
    while isfile(joinpath(output_dir, "$(function_name)_$(fnid).mlir"))
        fnid += 1
    end
    write(joinpath(output_dir, "$(function_name)_$(fnid).mlir"), text(f, args, true; exported = true))
    script = joinpath(output_dir, "$(function_name).py")
    write(script, "import enzyme_ad\n")
    return script
end

end

end
