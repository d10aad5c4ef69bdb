# Julia's side of the juliacall route: the same values, errors and docstrings as in the session worker.

module JuliaAotInProcess

include("../trial/julia/values.jl")
include("../trial/julia/faults.jl")
include("../trial/julia/help.jl")

const STORE = Values.Store()
const LAST = Ref{Any}(nothing)      # the report of the last exception

function guarded(work, cell::String)
    try
        return work()
    catch fault
        LAST[] = Faults.report(fault, catch_backtrace(), cell)
        rethrow()
    end
end

function define(name::String, code::String, file::String, defines::String)
    push!(Faults.CELLS, file)
    return guarded(file) do
        place = Module(Symbol(name))
        Core.eval(place, :(eval(x) = Core.eval($place, x); include(path) = Base.include($place, path)))
        include_string(place, code, file)
        Base.invokelatest(isdefined, place, Symbol(defines)) || throw(UndefVarError(Symbol(defines)))
        f = Base.invokelatest(getfield, place, Symbol(defines))
        # Also the frame that backtraces end at.
        caller(args...; kwargs...) = guarded(() -> f(args...; kwargs...), file)
        return (caller, Help.documentation(place, defines))
    end
end

# Line numbers, types and messages as text; a Python dict of it needs no rules of conversion.
last_fault() = Values.encode(LAST[])

# An array over NumPy's memory. `keep` holds on to the Python object until the last array on that memory is
# gone, wherever Julia code put it.
function wrap(address::Int, type::String, size::Tuple, keep)
    array = unsafe_wrap(Array, Ptr{Values.NUMBERS[parse(UInt8, type)]}(address), size)
    owner = isdefined(Core, :Memory) ? array.ref.mem : array
    finalizer(_ -> (keep; nothing), owner)
    return array
end

decode(data) = Values.decode(Vector{UInt8}(data), STORE)
encode(value) = Values.encode(value, STORE)
forget(number::Int) = Values.forget!(STORE, number)
plain_array(value) = value isa Array && isconcretetype(eltype(value)) && eltype(value) <: Values.Plain

end
