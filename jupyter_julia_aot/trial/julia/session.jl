# A stateful worker: cells, calls and variables for one notebook. `../session.py` is the other side and
# documents the messages. Standard library only; Julia 1.5 to 1.13.

module JuliaAotSessionWorker

include("wire.jl")
include("values.jl")
include("console.jl")
include("faults.jl")
include("help.jl")
include("softscope.jl")
using .Wire: read_frame, write_frame
using .Values: Store, encode, decode, forget!, share!

const STORE = Store()
const HOME = Ref{Module}(Main)         # where cells run; another module only while the image is made
const EAGER = Union{Nothing,Missing,Bool,Int64,Float64}

duplicate(fd::Int) = ccall(:fcntl, Cint, (Cint, Cint, Cint...), fd, 1030, 3)       # F_DUPFD_CLOEXEC
rename_descriptor(from::Integer, to::Int) = ccall(:dup2, Cint, (Cint, Cint), from, to)

"Keep the protocol's descriptors for ourselves; the program gets an empty input and one output pipe."
function take_descriptors()
    input, output = duplicate(0), duplicate(1)
    empty = ccall(:open, Cint, (Cstring, Cint, Cint...), "/dev/null", 0, 0)
    rename_descriptor(empty, 0)
    rename_descriptor(2, 1)
    # Julia's event loop has made them non-blocking at its start.
    for fd in (input, output, 1)
        flags = ccall(:fcntl, Cint, (Cint, Cint, Cint...), fd, 3, 0)
        ccall(:fcntl, Cint, (Cint, Cint, Cint...), fd, 4, flags & ~Cint(0o4000))
    end
    return Int(input), Int(output)
end

struct PollDescriptor
    fd::Cint
    events::Int16
    revents::Int16
end

"Wait for a message; meanwhile the tasks and timers of the user's code go on."
function wait_for(fd::Int)
    while true
        watched = Ref(PollDescriptor(fd, 1, 0))
        ccall(:poll, Cint, (Ptr{PollDescriptor}, Culong, Cint), watched, 1, 50) != 0 && return
        sleep(0.001)
    end
end

function serve(input::Int, output::Int)
    while true
        try
            wait_for(input)
            request = read_frame(input)
            request === nothing && return
            answer(request, output)
        catch error
            # A signal that came late, when its cell had ended already, stops nothing.
            error isa InterruptException || rethrow()
        end
    end
end

function answer(request::Dict{String,Any}, output::Int)
    id, cell = request["id"], get(request, "name", "cell")
    STORE.from_us === nothing || Values.clear!(STORE.from_us)
    for number in get(request, "forget", Any[])
        forget!(STORE, number)
    end
    reply = try
        perform(request["type"], request)
    catch fault
        Dict{String,Any}("error" => Faults.report(fault, catch_backtrace(), cell, get(request, "code", "")))
    end
    Console.finish(id)
    reply["type"], reply["id"] = "done", id
    write_frame(output, reply) || ccall(:_exit, Cvoid, (Cint,), 1)
end

function perform(kind::String, request::Dict{String,Any})
    kind == "run" && return run_cell(request["code"], request["name"], request["show"])
    kind == "define" && return define(request["module"], request["code"], request["name"], request["function"])
    kind == "call" && return call_function(request)
    kind == "set" && return set_variables(request["names"], request["values"])
    kind == "value" && return with_value(decode(request["value"], STORE))
    kind == "get" && return with_value(Base.invokelatest(getfield, HOME[], Symbol(request["variable"])))
    kind == "doc" && return Dict{String,Any}("text" => Help.documentation(HOME[], request["variable"]))
    kind == "complete" && return Help.completions(request["code"], request["position"])
    kind == "quiet" && return quiet()
    error("unknown request $kind")
end

with_value(value) = Dict{String,Any}("value" => encode(value, STORE))

# ---------------------------------------------------------------- cells

function run_cell(code::String, name::String, show_it::Bool)
    push!(Faults.CELLS, name)
    value = Base.reenable_sigint() do
        include_string(soft, HOME[], code, name)
    end
    reply = Dict{String,Any}()
    if show_it && value !== nothing
        # An exception while showing is the user's as well: their `show` may be wrong.
        reply["bundle"] = Base.reenable_sigint(() -> Console.bundle(value))
    end
    if value isa EAGER || (value isa String && ncodeunits(value) <= 1000)
        reply["value"] = encode(value, STORE)
    else
        out = UInt8[]
        Values.handle!(out, value, STORE)
        reply["later"] = out
    end
    return reply
end

"Load code into a module of its own, so that its helpers collide with nobody's; its docstring."
function define(name::String, code::String, file::String, defines::String)
    push!(Faults.CELLS, file)
    place = Module(Symbol(name))
    # What a file's module has, too.
    Core.eval(place, :(eval(x) = Core.eval($place, x); include(path) = Base.include($place, path)))
    Base.reenable_sigint(() -> include_string(place, code, file))
    Base.invokelatest(isdefined, place, Symbol(defines)) || throw(UndefVarError(Symbol(defines)))
    Core.eval(HOME[], Expr(:(=), Symbol(name), place))
    return Dict{String,Any}("text" => Help.documentation(place, defines))
end

# ---------------------------------------------------------------- calls

"The function a name such as `f` or `Main.M.f` stands for."
function named(name::String)
    value = HOME[]
    for part in split(name, '.')
        value = Base.invokelatest(getfield, value, Symbol(part))
    end
    return value
end

function call_function(request::Dict{String,Any})
    target = request["function"]
    f = target isa String ? named(target) : decode(target, STORE)
    arguments = Any[decode(a, STORE) for a in request["arguments"]]
    keywords = Pair{Symbol,Any}[Symbol(k) => decode(v, STORE) for (k, v) in request["keywords"]]
    places = Dict{Int,Int}(i => place for (i, place) in request["shared"])
    before = Any[a isa Union{Array{<:Values.Plain},BitArray} && !haskey(places, i) ? copy(a) : nothing
                 for (i, a) in enumerate(arguments)]
    sizes = Any[a isa AbstractArray ? size(a) : nothing for a in arguments]
    value = Base.reenable_sigint() do
        Base.invokelatest(f, arguments...; keywords...)
    end
    changed = Any[]
    for (i, old) in enumerate(before)
        size_now = arguments[i] isa AbstractArray ? size(arguments[i]) : nothing
        size_now == sizes[i] || request["resizable"] || throw(DimensionMismatch(
            "argument $i had the size $(sizes[i]) and has the size $size_now after the call, " *
            "which a NumPy array cannot follow"))
        old === nothing || same_bits(old, arguments[i]) || push!(changed, Any[i - 1, encode(arguments[i], STORE)])
    end
    for (i, place) in places
        Values.put_back!(STORE.to_us, place, arguments[i]) && push!(changed, Any[i - 1, nothing])
    end
    position = findfirst(a -> a === value && value isa Array, arguments)
    position === nothing || return Dict{String,Any}("same" => position - 1, "changed" => changed)
    return Dict{String,Any}("value" => encode(value, STORE), "changed" => changed)
end

same_bits(a::BitArray, b::BitArray) = a == b
function same_bits(a::Array{T}, b::Array{T}) where {T}
    length(a) == length(b) || return false
    bytes = sizeof(T) * length(a)
    return GC.@preserve a b ccall(:memcmp, Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t), a, b, bytes) == 0
end

function set_variables(names, values)
    for (name, value) in zip(names, values)
        Core.eval(HOME[], Expr(:(=), Symbol(name), QuoteNode(decode(value, STORE))))
    end
    return Dict{String,Any}()
end

# ---------------------------------------------------------------- stop

"Let a signal that was sent when its cell had just ended come now, not in the next cell."
function quiet()
    try
        Base.reenable_sigint(() -> sleep(0.02))
    catch fault
        fault isa InterruptException || rethrow()
    end
    return Dict{String,Any}()
end

"Do without the system calls that a seccomp program takes away."
function enter_filter(program::Vector{UInt8})
    isempty(program) && return
    ccall(:prctl, Cint, (Cint, Culong, Culong, Culong, Culong), 38, 1, 0, 0, 0)    # PR_SET_NO_NEW_PRIVS
    GC.@preserve program begin
        filter = Ref((UInt16(length(program) ÷ 8), pointer(program)))               # struct sock_fprog
        ccall(:prctl, Cint, (Cint, Culong, Ref{Tuple{UInt16,Ptr{UInt8}}}, Culong, Culong), 22, 2, filter, 0, 0) == 0 ||
            error("system calls cannot be filtered")
    end
    return
end

function main()
    input, output = take_descriptors()
    ccall(:jl_exit_on_sigint, Cvoid, (Cint,), 0)
    write_frame(output, Dict{String,Any}("type" => "hello", "protocol" => 1, "worker" => "session",
                                         "julia" => string(VERSION), "pid" => Int(getpid())))
    setup = read_frame(input)
    setup === nothing && return
    share!(STORE, setup["folder"]::String, setup["shared_bytes"]::Int)
    enter_filter(setup["filter"]::Vector{UInt8})
    Console.TOKEN[] = setup["token"]
    Console.SEND_DISPLAY[] = (n, shown) ->
        write_frame(output, Dict{String,Any}("type" => "display", "number" => n, "bundle" => shown))
    Console.take_over()
    Base.disable_sigint(() -> serve(input, output))
end

end
