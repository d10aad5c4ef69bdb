# The part of library.jl for a trimmed library. Julia 1.12 and newer.
#
# Julia's own showerror asks for any method there is, so it cannot be in one: the exceptions of Base are told
# here, field by field, each with its type known.

# ---- constants whose contents change

# Trimming drops the bindings of constants that compiled code refers to directly. What such a constant comes
# to hold at run time is then out of the garbage collector's sight, and freed while in use (seen with Julia
# 1.12.5: a vector lost its memory at the first full collection). So the first call makes them roots.
const julia_aot_begun = Ref(false)

function julia_aot_begin()
    julia_aot_begun[] && return
    julia_aot_root(julia_aot_kept)
    julia_aot_root(julia_aot_unused)
    julia_aot_root_constants()
    julia_aot_begun[] = true
    return
end

julia_aot_root(@nospecialize(value)) = (ccall(:jl_as_global_root, Any, (Any, Cint), value, 1); nothing)

# ---- faults

function julia_aot_type(@nospecialize(T))::String
    T isa DataType || return "Union"
    text = String(nameof(T))
    n = length(T.parameters)
    n == 0 && return text
    inner = ""
    for i in 1:n
        parameter = T.parameters[i]
        part = parameter isa DataType ? julia_aot_type(parameter) : parameter isa Int64 ? string(parameter) : "_"
        inner = i == 1 ? part : string(inner, ", ", part)
    end
    return string(text, "{", inner, "}")
end

function julia_aot_text(@nospecialize(x))::String
    x isa Int64 && return string(x)
    x isa Float64 && return string(x)
    x isa String && return string('"', x, '"')
    x isa Symbol && return string(':', String(x))
    x isa Bool && return x ? "true" : "false"
    x isa Int32 && return string(x)
    x isa Int16 && return string(x)
    x isa Int8 && return string(x)
    x isa UInt64 && return string(x)
    x isa UInt32 && return string(x)
    x isa UInt16 && return string(x)
    x isa UInt8 && return string(x)
    x isa Float32 && return string(x)
    x isa Char && return string('\'', x, '\'')
    x isa Tuple{Int64} && return string(x[1])
    x isa Tuple{Int64,Int64} && return string(x[1], ", ", x[2])
    x isa Tuple{Int64,Int64,Int64} && return string(x[1], ", ", x[2], ", ", x[3])
    x isa UnitRange{Int64} && return string(first(x), ":", last(x))
    x isa Tuple{UnitRange{Int64}} && return string(first(x[1]), ":", last(x[1]))
    return string("a value of type ", julia_aot_type(typeof(x)))
end

function julia_aot_message(@nospecialize(fault))::String
    fault isa ErrorException && return julia_aot_words(fault.msg)
    fault isa ArgumentError && return julia_aot_words(fault.msg)
    fault isa DimensionMismatch && return julia_aot_words(fault.msg)
    fault isa OverflowError && return julia_aot_words(fault.msg)
    fault isa AssertionError && return julia_aot_words(fault.msg)
    fault isa DivideError && return "integer division error"
    fault isa StackOverflowError && return "the calls are nested too deeply"
    fault isa OutOfMemoryError && return "there is not enough memory"
    fault isa UndefRefError && return "access to undefined reference"
    fault isa KeyError && return string("key ", julia_aot_text(fault.key), " not found")
    if fault isa DomainError
        said = fault.msg
        about = said isa String ? string(":\n", said) : ""
        return string("DomainError with ", julia_aot_text(fault.val), about)
    elseif fault isa BoundsError
        isdefined(fault, :a) || return "an index is out of bounds"
        what = julia_aot_type(typeof(fault.a))
        isdefined(fault, :i) || return string("attempt to access a ", what, " out of its bounds")
        return string("attempt to access a ", what, " at index [", julia_aot_text(fault.i), "]")
    elseif fault isa InexactError
        return string("inexact conversion in ", String(fault.func))
    elseif fault isa UndefVarError
        return string(String(fault.var), " is not defined")
    elseif fault isa TypeError
        return string("in ", julia_aot_text(fault.func), ", expected ", julia_aot_type(fault.expected), ", got ", julia_aot_text(fault.got))
    elseif fault isa MethodError
        called = fault.f
        name = called isa DataType ? julia_aot_type(called) : julia_aot_function(typeof(called))
        types = julia_aot_type(fault.args isa Tuple ? typeof(fault.args) : Tuple)
        return string("no method matching ", name, " for ", types, " is in this trimmed library; such a call was not seen when it was built")
    end
    own = julia_aot_own(fault)
    own === nothing || return own
    return string("an exception of type ", julia_aot_type(typeof(fault)))
end

function julia_aot_function(@nospecialize(T))::String
    T isa DataType || return "a function"
    name = String(nameof(T))
    return ncodeunits(name) > 1 && codeunit(name, 1) == 0x23 ? String(SubString(name, 2)) : name
end

julia_aot_words(said)::String = said isa String ? said : "(a message that is no plain text)"

# The innermost line of the user's code, 0 when there is none.
function julia_aot_line()::Int64
    for pointer in catch_backtrace()
        pointer isa Ptr{Nothing} || continue
        frames = ccall(:jl_lookup_code_address, Any, (Ptr{Cvoid}, Cint), pointer - 1, 0)
        frames isa Core.SimpleVector || continue
        for i in 1:length(frames)
            frame = frames[i]
            line = frame isa Core.SimpleVector ? julia_aot_user_line(frame) : Int64(0)
            line == 0 || return max(line, Int64(0))
        end
    end
    return Int64(0)
end

function julia_aot_user_line(frame::Core.SimpleVector)::Int64
    length(frame) >= 3 || return Int64(0)
    name, file, line = frame[1], frame[2], frame[3]
    # Frames beyond the exported function are no Julia.
    name isa Symbol && startswith(String(name), "aot_") && return Int64(-1)
    file isa Symbol && line isa Int64 && julia_aot_is_source(String(file)) && return line
    return Int64(0)
end
