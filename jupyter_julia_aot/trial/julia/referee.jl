# The tests in one process, the candidate in another; only plain values cross.
#
# Each side is a Peer. The tests' side sees the candidate's functions as Proxy objects: a call sends its
# arguments, the other process runs the function and sends back the value (or the error), and what it changed
# in its arguments. A function given as an argument, or returned, becomes a Proxy on the other side.
#
#   {"call": name or number, "args": [bytes…], "names": [keyword…], "values": [bytes…]}
#   {"get": name}
#   {"value": bytes, "same": argument or 0, "changed": [argument, bytes, …]}
#   {"error": record, "kind": type, "fields": bytes or nothing}     {"refused": what is not plain}

module Referee

using ..Wire, ..System, ..Plain, ..Screen

mutable struct Peer
    input::Cint
    output::Cint
    ours::Vector{Any}       # functions the other side may call by number
    find::Any               # name → function, for calls by name (nothing: none)
    why::String             # why values have to cross, for messages
    gone::Bool
end

"The tests asked for something that cannot cross the border."
struct Blocked <: Exception
    why::String
end
Base.showerror(io::IO, fault::Blocked) = print(io, fault.why)

"The candidate's process ended."
struct Gone <: Exception end
Base.showerror(io::IO, ::Gone) = print(io, "the candidate's process ended")

"An error of the other side whose type this side does not have."
struct RemoteFault <: Exception
    kind::String
    message::String
end
Base.showerror(io::IO, fault::RemoteFault) = print(io, fault.message)

"Records (type, message, line) of errors that came from the other side."
const REMOTE = IdDict{Any,Dict{String,Any}}()

struct Proxy <: Function
    peer::Peer
    target::Union{String,Int}
end
(p::Proxy)(args...; settings...) = request(p.peer, p.target, args, settings)
Base.show(io::IO, p::Proxy) = print(io, p.target isa String ? p.target : "function")
Base.nameof(p::Proxy) = p.target isa String ? Symbol(p.target) : :function

# ---------------------------------------------------------------- sending

function pack(peer::Peer, x)
    return Plain.encode(x; callbacks = peer.ours, function_name = function_name)
end
# A proxy sent back to where its function lives would need a second table; it travels as a call through here.
function_name(f) = f isa Proxy ? nothing : Plain.base_name(f)

unpack(peer::Peer, data::Vector{UInt8}) =
    Plain.decode(data; callback = n -> Proxy(peer, Int(n)), function_of = safe_function)

function safe_function(name::String)
    Symbol(name) in Screen.SAFE || throw(Plain.Malformed())
    return Plain.base_function(name)
end

function request(peer::Peer, target, args, settings)
    peer.gone && throw(Gone())
    message = try
        Dict{String,Any}("call" => target, "args" => Any[pack(peer, a) for a in args],
                         "names" => String[string(k) for k in keys(settings)],
                         "values" => Any[pack(peer, v) for v in values(settings)])
    catch fault
        fault isa Plain.NotPlain || rethrow()
        throw(Blocked(string(peer.why, "; ", fault.what, " is none")))
    end
    Wire.write_frame(peer.output, message) || lost(peer)
    return answer(peer, args)
end

"Wait for the answer, serving the other side's calls meanwhile."
function answer(peer::Peer, args)
    while true
        reply = receive(peer)
        if haskey(reply, "call") || haskey(reply, "get")
            serve(peer, reply)
        elseif haskey(reply, "value")
            return settle(peer, reply, args)
        elseif haskey(reply, "refused")
            throw(Blocked(string(peer.why, "; ", reply["refused"], " is none")))
        elseif haskey(reply, "error")
            throw(rebuild(peer, reply))
        else
            throw(Blocked("the candidate's process sent something that is no answer"))
        end
    end
end

function receive(peer::Peer)
    message = try
        Wire.read_frame(peer.input)
    catch
        throw(Blocked("the candidate's process sent something that is no message"))
    end
    message === nothing && lost(peer)
    message isa Dict{String,Any} || throw(Blocked("the candidate's process sent something that is no message"))
    return message
end

lost(peer::Peer) = (peer.gone = true; throw(Gone()))

malformed() = throw(Blocked("the candidate's process sent something that is no value"))

function settle(peer::Peer, reply, args)
    try
        changed = reply["changed"]::Vector{Any}
        for i in 1:2:length(changed)
            update!(args[changed[i]], unpack(peer, changed[i + 1]))
        end
        same = reply["same"]::Int
        return same == 0 ? unpack(peer, reply["value"]) : args[same]
    catch fault
        fault isa Blocked && rethrow()
        malformed()
    end
end

update!(old::Vector, new::Vector) = (resize!(old, length(new)); copyto!(old, new))
update!(old::AbstractArray, new::AbstractArray) = size(old) == size(new) ? copyto!(old, new) : malformed()
update!(old::AbstractDict, new::AbstractDict) = (empty!(old); merge!(old, new))
update!(old::AbstractSet, new::AbstractSet) = (empty!(old); union!(old, new))
update!(old, new) = malformed()

# ---------------------------------------------------------------- errors

const FAULTS = Dict{String,Any}(string(nameof(T)) => T for T in
    Any[DomainError, ArgumentError, BoundsError, ErrorException, KeyError, DivideError, OverflowError, InexactError,
        AssertionError, StackOverflowError, OutOfMemoryError, DimensionMismatch, EOFError, StringIndexError,
        SystemError, Base.IOError, MissingException, UndefVarError, UndefRefError, TypeError, MethodError])

function rebuild(peer::Peer, reply)
    kind, record = string(get(reply, "kind", "")), record_of(reply["error"])
    fault = RemoteFault(kind, record === nothing ? "" : record["message"])
    if haskey(FAULTS, kind)
        fault = try
            kind == "MethodError" ? MethodError(identity, ()) :
                FAULTS[kind](unpack(peer, reply["fields"])...)
        catch
            fault_of_kind(kind, fault)
        end
    end
    record === nothing || (REMOTE[fault] = record)
    return fault
end

"The record of an error as the other side sent it; nothing when it is none."
function record_of(sent)
    sent isa Dict || return nothing
    kind, message, line = (get(sent, key, nothing) for key in ("type", "message", "line"))
    kind isa String && message isa String && line isa Union{Int,Nothing} || return nothing
    return Dict{String,Any}("type" => first(kind, 200), "message" => first(message, LONGEST_MESSAGE), "line" => line)
end
const LONGEST_MESSAGE = 4010

"An error of a kind, when its fields could not cross."
function fault_of_kind(kind::String, otherwise)
    kind == "BoundsError" && return BoundsError()
    kind == "KeyError" && return KeyError(nothing)
    kind == "UndefVarError" && return UndefVarError(:unknown)
    kind == "TypeError" && return TypeError(:unknown, "", Any, nothing)
    kind == "InexactError" && return InexactError(:unknown, Any, nothing)
    kind == "DomainError" && return DomainError(nothing)
    return otherwise
end

fields_of(fault) = Tuple(getfield(fault, i) for i in 1:nfields(fault) if isdefined(fault, i))

# ---------------------------------------------------------------- serving

"Answer one request of the other side."
function serve(peer::Peer, message)
    reply = if haskey(message, "get")
        get_global(peer, message["get"])
    else
        run_call(peer, message)
    end
    Wire.write_frame(peer.output, reply) || lost(peer)
    return
end

function get_global(peer::Peer, name)
    try
        return Dict{String,Any}("value" => pack(peer, peer.find(string(name))), "same" => 0, "changed" => Any[])
    catch fault
        fault isa Plain.NotPlain || rethrow()
        return Dict{String,Any}("refused" => string("`", name, "`, ", fault.what, ","))
    end
end

function run_call(peer::Peer, message)
    target = message["call"]
    before = message["args"]::Vector{Any}
    args = try
        Any[unpack(peer, a) for a in before]
    catch
        malformed()
    end
    settings = Pair{Symbol,Any}[Symbol(k) => unpack(peer, v) for (k, v) in zip(message["names"], message["values"])]
    target isa String ? peer.find !== nothing || malformed() : 1 <= target <= length(peer.ours) || malformed()
    result = try
        f = target isa String ? peer.find(target) : peer.ours[target]
        Base.invokelatest(f, args...; settings...)
    catch fault
        fault isa Union{Gone,Blocked} && rethrow()
        return error_reply(peer, fault, catch_backtrace())
    end
    try
        same = findfirst(a -> a === result && !isbits(a) && !(a isa Union{String,Symbol}), args)
        changed = Any[]
        for (i, a) in enumerate(args)
            a isa Union{AbstractArray,AbstractDict,AbstractSet} || continue
            now = pack(peer, a)
            now == before[i] || append!(changed, Any[i, now])
        end
        value = same === nothing ? pack(peer, result) : UInt8[]
        return Dict{String,Any}("value" => value, "same" => something(same, 0), "changed" => changed)
    catch fault
        fault isa Plain.NotPlain || rethrow()
        return Dict{String,Any}("refused" => fault.what)
    end
end

"Set by judge.jl, which knows how to describe a fault."
const RECORD = Ref{Any}((fault, trace) -> Dict{String,Any}())

function error_reply(peer::Peer, fault, trace)
    record = haskey(REMOTE, fault) ? REMOTE[fault] : RECORD[](fault, trace)
    while fault isa LoadError
        fault = fault.error
    end
    fields = try
        pack(peer, fields_of(fault))
    catch
        nothing
    end
    return Dict{String,Any}("error" => record, "kind" => string(nameof(typeof(fault))), "fields" => fields)
end

end
