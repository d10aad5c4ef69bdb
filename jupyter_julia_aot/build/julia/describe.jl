# Say what of a program can be called from outside: one line of JSON after a marker.
# ARGS: the module's name; the file with its code, or "-" to load it as a package; the functions to describe,
# separated by commas, or "" for every function of the module; argument types as in "Float64, Vector{Float64}",
# or ""; a function to ask whether its arguments can come from a command line, or "". Julia 1.5 and newer,
# nothing but Base.

module JuliaAotDescribe

const PLAIN = Union{Bool,Int8,Int16,Int32,Int64,UInt8,UInt16,UInt32,UInt64,Float16,Float32,Float64}
const MOST_DIMS = 8

# ---- JSON

json(x::AbstractString) = sprint() do io
    print(io, '"')
    for c in x
        if c == '"' || c == '\\'
            print(io, '\\', c)
        elseif c < ' ' || !isvalid(c)
            print(io, "\\u", string(isvalid(c) ? UInt32(c) : 0xfffd, base = 16, pad = 4))
        else
            print(io, c)
        end
    end
    print(io, '"')
end
json(x::Bool) = x ? "true" : "false"
json(x::Integer) = string(x)
json(::Nothing) = "null"
json(x::Symbol) = json(string(x))
json(x::AbstractVector) = string("[", join(map(json, x), ","), "]")
json(x::Vector{<:Pair}) = string("{", join((string(json(string(k)), ":", json(v)) for (k, v) in x), ","), "}")

record(pairs...) = Pair[pairs...]

# ---- types

struct Refused <: Exception
    why::String
end

# How the shim, which stands in the user's module, names a type.
function spelled(T, M::Module)
    T isa Union && return string("Union{", join((spelled(t, M) for t in Base.uniontypes(T)), ","), "}")
    (T isa DataType && isconcretetype(T)) || throw(Refused(string(T, " is not concrete")))
    T <: Array && ndims(T) in (1, 2) && return string(ndims(T) == 1 ? "Vector" : "Matrix", "{", spelled(eltype(T), M), "}")
    T <: Tuple && return string("Tuple{", join((spelled(t, M) for t in T.parameters), ","), "}")
    home, name = parentmodule(T), nameof(T)
    wrapper = T.name.wrapper
    if isdefined(M, name) && getfield(M, name) === wrapper
        base = string(name)
    elseif home === Core || home === Base
        base = string(home, ".", name)
    elseif isdefined(M, nameof(Base.moduleroot(home)))
        base = string(home, ".", name)
    else
        throw(Refused(string("the type ", T, " cannot be named in this module")))
    end
    isempty(T.parameters) && return base
    return string(base, "{", join((p isa Type ? spelled(p, M) : parameter(p) for p in T.parameters), ","), "}")
end
parameter(p::Union{Integer,Bool}) = repr(p)
parameter(p::Symbol) = repr(p)
parameter(p::Tuple) = repr(p)
parameter(p) = throw(Refused(string("the type parameter ", p, " cannot be written down")))

# The shape of a type that C and Python can hold. `argument`: whether it goes into Julia.
function shape(T, M::Module, argument::Bool, depth = 0)
    depth > 6 && throw(Refused("the type is nested too deeply"))
    T === Any && throw(Refused(argument ? "it is not typed" : "its type depends on values (inferred: Any)"))
    if T isa Union
        parts = Base.uniontypes(T)
        if length(parts) == 2 && Nothing in parts
            inner = parts[1] === Nothing ? parts[2] : parts[1]
            return record("kind" => "optional", "julia" => spelled(T, M), "items" => [shape(inner, M, argument, depth + 1)])
        end
        throw(Refused(string("a union of types (", T, ") has no one form in C")))
    end
    T === Union{} && return record("kind" => "nothing", "julia" => "Nothing")
    (T isa DataType && isconcretetype(T)) || throw(Refused(string(T, " is not a concrete type")))
    T === Nothing && return record("kind" => "nothing", "julia" => "Nothing")
    T <: PLAIN && return record("kind" => "scalar", "julia" => string(T))
    (T === Int128 || T === UInt128) && return record("kind" => "wide", "julia" => string(T))
    (T === ComplexF64 || T === ComplexF32) &&
        return record("kind" => "complex", "julia" => T === ComplexF64 ? "ComplexF64" : "ComplexF32")
    T === String && return record("kind" => "string", "julia" => "String")
    T === Char && return record("kind" => "char", "julia" => "Char")
    if T <: Array
        ndims(T) <= MOST_DIMS || throw(Refused(string("arrays of more than ", MOST_DIMS, " dimensions")))
        element = shape(eltype(T), M, argument, depth + 1)
        flat(eltype(T)) || throw(Refused(string("arrays of ", eltype(T), " have no NumPy form")))
        return record("kind" => "array", "julia" => spelled(T, M), "items" => [element], "ndim" => ndims(T),
            "itemsize" => sizeof(eltype(T)), "offsets" => offsets(eltype(T)))
    end
    if T <: Tuple
        Base.isvatuple(T) && throw(Refused("a tuple of any length"))
        return record("kind" => "tuple", "julia" => spelled(T, M),
            "items" => [shape(t, M, argument, depth + 1) for t in T.parameters])
    end
    if T <: NamedTuple
        return record("kind" => "named", "julia" => spelled(T, M), "name" => "Result",
            "names" => [string(n) for n in fieldnames(T)],
            "items" => [shape(fieldtype(T, n), M, argument, depth + 1) for n in fieldnames(T)])
    end
    (T <: Ptr || T <: Function || T <: Type || T <: Module || T <: AbstractDict || T <: AbstractSet ||
        T <: AbstractString || T <: Symbol || T === Method) && throw(Refused(string(T, " has no form in C")))
    T <: AbstractArray && throw(Refused(string(T, " is no plain Array; collect() makes one")))
    isstructtype(T) || throw(Refused(string(T, " has no form in C")))
    fieldcount(T) == 0 && throw(Refused(string(T, " has no fields")))
    if argument
        mutable(T) && throw(Refused(string(T, " is mutable, and what is changed in it would be lost")))
        hasmethod(T, Tuple{fieldtypes(T)...}) ||
            throw(Refused(string(T, " cannot be made from its fields (it has a constructor of its own)")))
    end
    items = try
        [shape(fieldtype(T, n), M, argument, depth + 1) for n in fieldnames(T)]
    catch fault
        fault isa Refused || rethrow()
        throw(Refused(string("a field of ", T, ": ", fault.why)))
    end
    return record("kind" => "struct", "julia" => spelled(T, M), "name" => string(nameof(T)),
        "names" => [string(n) for n in fieldnames(T)], "items" => items)
end

mutable(T::DataType) = isdefined(Base, :ismutabletype) ? Base.ismutabletype(T) : T.mutable

# What NumPy can hold in an array: plain numbers, complex ones, and structs of such.
flat(T) = (T isa DataType && isconcretetype(T)) && (T <: PLAIN || T === ComplexF64 || T === ComplexF32 ||
    (isstructtype(T) && isbitstype(T) && !(T <: Tuple) && !(T <: NamedTuple) && fieldcount(T) > 0 &&
     all(t -> t <: PLAIN || t === ComplexF64 || t === ComplexF32, fieldtypes(T))))
offsets(T) = T <: PLAIN || T === ComplexF64 || T === ComplexF32 ? Int[] : Int[fieldoffset(T, i) for i in 1:fieldcount(T)]

# ---- functions

function argument_names(method::Method)
    names = try
        [first(d) for d in Base.arg_decl_parts(method)[2]][2:end]
    catch
        String[]
    end
    return [isempty(n) || n[1] == '#' ? string("x", i) : string(n) for (i, n) in enumerate(names)]
end

place(method::Method) = record("file" => string(method.file), "line" => Int(method.line))

function described(f, M::Module, types::Type, method)
    parameters = collect(types.parameters)
    names = method === nothing ? String[] : argument_names(method)
    arguments = Any[]
    for (i, T) in enumerate(parameters)
        name = i <= length(names) ? names[i] : string("x", i)
        inner = try
            shape(T, M, true)
        catch fault
            fault isa Refused || rethrow()
            throw(Refused(string("argument ", name, ": ", fault.why)))
        end
        push!(arguments, record("name" => name, "type" => inner))
    end
    inferred = Base.return_types(f, types)
    length(inferred) == 1 || throw(Refused("no single method takes these types"))
    returns = try
        shape(inferred[1], M, false)
    catch fault
        fault isa Refused || rethrow()
        throw(Refused(string("the result: ", fault.why)))
    end
    return record("arguments" => arguments, "returns" => returns)
end

function function_record(name::Symbol, M::Module, types)
    f = getfield(M, name)
    done, refused = Any[], Any[]
    if types !== nothing
        found = hasmethod(f, types) ? Base.which(f, types) : nothing
        try
            found === nothing && throw(Refused("no method takes these types"))
            push!(done, described(f, M, types, found))
        catch fault
            fault isa Refused || rethrow()
            push!(refused, record("signature" => string(name, string(types)[6:end]), "why" => fault.why, "at" => nothing))
        end
    else
        for method in methods(f)
            signature = Base.unwrap_unionall(method.sig)
            text = string(name, "(", join(("::$(p)" for p in collect(signature.parameters)[2:end]), ", "), ")")
            try
                method.isva && throw(Refused("it takes any number of arguments"))
                method.sig isa DataType || throw(Refused("it is generic"))
                push!(done, described(f, M, Tuple{collect(signature.parameters)[2:end]...}, method))
            catch fault
                fault isa Refused || rethrow()
                push!(refused, record("signature" => text, "why" => fault.why, "at" => place(method)))
            end
        end
    end
    return record("name" => string(name), "methods" => done, "refused" => refused)
end

# What a package written by --project-out exports through our files: it is made anew.
ours(method::Method) = startswith(basename(string(method.file)), "julia_aot_")
ours(name::Symbol) = startswith(lowercase(string(name)), "julia_aot_") || startswith(string(name), "JuliaAot")

function own_functions(M::Module)
    found = Symbol[]
    for name in names(M, all = true)
        (startswith(string(name), "#") || name in (:eval, :include)) && continue
        isdefined(M, name) || continue
        value = getfield(M, name)
        # Functions the module defines, not those it only extends; constructors are types.
        value isa Function && parentmodule(value) === M && nameof(value) === name || continue
        all(ours, methods(value)) || push!(found, name)
    end
    return found
end

# C functions that the program exports itself.
function ccallables(M::Module)
    found = Any[]
    for name in names(M, all = true)
        isdefined(M, name) || continue
        f = getfield(M, name)
        f isa Function && parentmodule(f) === M || continue
        for method in methods(f)
            isdefined(method, :ccallable) && !ours(method) || continue
            returns, signature = method.ccallable[1], method.ccallable[2]
            symbol = length(method.ccallable) > 2 ? string(method.ccallable[3]) : string(method.name)
            arguments = [record("name" => n, "type" => string(t)) for (n, t) in
                zip(argument_names(method), collect(Base.unwrap_unionall(signature).parameters)[2:end])]
            push!(found, record("symbol" => symbol, "arguments" => arguments, "returns" => string(returns)))
        end
    end
    return found
end

# Exceptions of the user's own whose message is in a field that needs no printing.
function exceptions(M::Module)
    found = Any[]
    for name in names(M, all = true)
        isdefined(M, name) || continue
        T = getfield(M, name)
        (T isa DataType && T <: Exception && isconcretetype(T) && parentmodule(T) === M) || continue
        field = findfirst(==(String), collect(fieldtypes(T)))
        push!(found, record("name" => string(name), "field" => field === nothing ? nothing : string(fieldname(T, field))))
    end
    return found
end

# Constants whose contents can change.
function constants(M::Module)
    found = String[]
    for name in names(M, all = true)
        (isdefined(M, name) && isconst(M, name) && !ours(name)) || continue
        value = getfield(M, name)
        (value isa Function || value isa Type || value isa Module || value isa String || value isa Symbol ||
            isbits(value)) && continue
        push!(found, string(name))
    end
    return found
end

# Whether command_line.jl can make an entry point for the function.
function from_command_line(M::Module, name::Symbol)
    isdefined(M, name) && getfield(M, name) isa Function || return false
    isdefined(M, :julia_aot_arguments) || Base.include(M, joinpath(@__DIR__, "command_line.jl"))
    known = Base.invokelatest(getfield, M, :julia_aot_arguments)
    return any(m -> Base.invokelatest(known, m) !== nothing, methods(getfield(M, name)))
end

function main(module_name, file, wanted, types, program)
    M = if file == "-"
        Base.require(Main, Symbol(module_name))
    else
        # A module as the value of its definition: newer Julias would warn about its name here.
        loaded = Core.eval(Main, Expr(:toplevel, Meta.parse(string("module ", module_name, "\nend")), Symbol(module_name)))
        Base.include(loaded, file)
        loaded
    end
    return Base.invokelatest(describe, M, wanted, types, program)
end

function describe(M, wanted, types, program)
    chosen = isempty(wanted) ? own_functions(M) : Symbol.(split(wanted, ","))
    missing_names = [string(n) for n in chosen if !(isdefined(M, n) && getfield(M, n) isa Function)]
    given = isempty(types) ? nothing : Core.eval(M, Meta.parse(string("Tuple{", types, "}")))
    functions = Any[function_record(n, M, given) for n in chosen if !(string(n) in missing_names)]
    return json(record("functions" => functions, "missing" => missing_names, "ccallables" => ccallables(M),
        "exceptions" => exceptions(M), "constants" => constants(M),
        "command_line" => !isempty(program) && from_command_line(M, Symbol(program))))
end

end

let answer = JuliaAotDescribe.main(ARGS...)
    println("\njulia-aot-describe\t", answer)
end
