# Every call of Reactant that this project makes, and none elsewhere. Written against Reactant 0.2.280.

module ReactantCalls

import Reactant
using Reactant: @compile, @code_hlo

"Make a backend the default: \"cpu\", \"gpu\", \"cuda\", \"rocm\", \"tpu\" or \"metal\"; empty, or why it cannot be."
function choose_backend(name::String)
    try
        Reactant.set_default_backend(name)
        return ""
    catch fault
        # An AssertionError, a KeyError or an ErrorException, by which of its layers noticed.
        fault isa InterruptException && rethrow()
        said = first(sprint(showerror, fault), 2000)
        name in ("cuda", "rocm") && build() != name &&
            (said = string("Reactant was installed for gpu = ", build(), ", not for ", name, " (", said, ")"))
        return said
    end
end

"For which GPUs the binary of Reactant is made: \"cuda\", \"rocm\" or \"none\"."
build() = String(Reactant.Reactant_jll.host_platform.tags["gpu"])

client() = Reactant.XLA.default_backend()
platform() = String(Reactant.XLA.platform_name(client()))
devices() = String[string(device) for device in Reactant.addressable_devices(client())]

# A number that is not tracked is frozen into the compiled code.
to_device(x::AbstractArray) = Reactant.to_rarray(Array(x))
to_device(x::Bool) = x
to_device(x::Number) = Reactant.to_rarray(x; track_numbers = true)
to_device(x::Union{Tuple,NamedTuple}) = map(to_device, x)
to_device(x) = x

compile(f, args) = @compile sync = true f(args...)

to_host(x::AbstractArray) = Array(x)     # a wrapper such as `x'` around an array of the device, too
to_host(x::AbstractRange) = x
to_host(x::Reactant.ConcreteRNumber{T}) where {T} = convert(T, x)
to_host(x::Union{Tuple,NamedTuple}) = map(to_host, x)
to_host(x) = x

"""
How many results of a program belong to a function's result. What was not traced is no result of the program, and
an array or number that occurs twice is one.
"""
count_results(x) = length(unique(map(objectid, traced_parts(x))))
traced_parts(x::Union{Reactant.ConcreteRArray,Reactant.ConcreteRNumber}) = Any[x]
traced_parts(x::Union{Tuple,NamedTuple}) = foldl(vcat, map(traced_parts, values(x)); init = Any[])
function traced_parts(x::AbstractArray)
    parent(x) === x && return Any[]
    isempty(traced_parts(parent(x))) || error("the result has a $(nameof(typeof(x))) of an array, and a program ",
                                              "gives whole arrays: make it one in the function, with copy(…)")
    return Any[]
end
traced_parts(x) = Any[]

"StableHLO text, as traced or after Reactant's optimisations."
function hlo(f, args, optimized::Bool)
    return optimized ? String(@code_hlo optimize = true f(args...)) : String(@code_hlo optimize = false f(args...))
end

"""
Write the program for jax into a folder; array shapes are reversed in it. Its results are those of the function,
then its arguments as they are after the call, those that are a result left out.
"""
function export_program(f, args, folder::String, name::String)
    return Reactant.Serialization.export_to_enzymejax(f, args...; output_dir = folder, function_name = name,
                                                      export_data_as_npz = false)
end

"Bytes that the device's allocator holds, at most so far; nothing where it keeps no count (the CPU)."
function peak_bytes()
    try
        return Int(Reactant.XLA.allocatorstats().peak_bytes_in_use)
    catch fault
        fault isa InterruptException && rethrow()
        return nothing
    end
end

version() = string(isdefined(Base, :pkgversion) ? Base.pkgversion(Reactant) : "unknown")

end
