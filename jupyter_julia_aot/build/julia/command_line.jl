# An entry point for a plain function: arguments from the command line by their declared types, the
# result printed. Included after the user's code; needs nothing beyond Base, on Julia 1.5 and newer.
# What runs in the built program is free of dynamic dispatch where the function itself is, so that it
# can be trimmed. All names begin with julia_aot_, because they live next to the user's.

const JuliaAotInt = Union{Int8,Int16,Int32,Int64,Int128,UInt8,UInt16,UInt32,UInt64,UInt128}
const JuliaAotFloat = Union{Float16,Float32,Float64}

# ---- text to values; nothing where the text is no such value

julia_aot_value(::Type{T}, text::String) where {T<:JuliaAotInt} = tryparse(T, text)
julia_aot_value(::Type{T}, text::String) where {T<:JuliaAotFloat} = tryparse(T, text)
julia_aot_value(::Type{String}, text::String) = text
julia_aot_value(::Type{Char}, text::String) =
    ncodeunits(text) > 0 && length(text) == 1 ? text[1] : nothing

function julia_aot_value(::Type{Bool}, text::String)
    (text == "true" || text == "1") && return true
    (text == "false" || text == "0") && return false
    return nothing
end

function julia_aot_value(::Type{Vector{T}}, text::String) where {T}
    values = T[]
    for part in julia_aot_parts(julia_aot_content(text))
        value = julia_aot_value(T, part)
        value === nothing && return nothing
        push!(values, value)
    end
    return values
end

# `@FILE` stands for what the file holds.
function julia_aot_content(text::String)
    (ncodeunits(text) > 1 && codeunit(text, 1) == 0x40) || return text
    return open(io -> read(io, String), text[2:end])
end

# Split at commas, semicolons, white space and brackets.
function julia_aot_parts(text::String)
    parts = String[]
    start = 1
    last = ncodeunits(text)
    for i in 1:(last + 1)
        byte = i > last ? 0x2c : codeunit(text, i)
        if byte == 0x2c || byte == 0x3b || byte <= 0x20 || byte == 0x5b || byte == 0x5d
            start < i && push!(parts, String(SubString(text, start, thisind(text, i - 1))))
            start = i + 1
        end
    end
    return parts
end

# ---- values to text

julia_aot_print(::Nothing) = nothing
julia_aot_print(value::Union{AbstractString,Number,Char}) = println(Core.stdout, value)
julia_aot_print(value) = println(Core.stdout, repr(value))

function julia_aot_print(values::AbstractVector{<:Union{Number,AbstractString,Char}})
    first = true
    for value in values
        first || print(Core.stdout, ",")
        first = false
        print(Core.stdout, value)
    end
    println(Core.stdout)
end

# ---- the entry, written by a macro that looks at the function's methods

# Concrete types to try, in this order, for a declared type; empty when there is no way.
function julia_aot_alternatives(declared)
    declared isa TypeVar && return julia_aot_alternatives(declared.ub)
    declared === Any && return Any[Int64, Float64, Vector{Int64}, Vector{Float64}, String]
    declared isa Union && return Any[julia_aot_alternatives(declared.a); julia_aot_alternatives(declared.b)]
    plain = Base.unwrap_unionall(declared)
    plain isa DataType || return Any[]
    if plain <: AbstractArray
        Base.unwrap_unionall(AbstractVector).name === plain.name || Vector{Int} <: declared ||
            plain.name === Base.unwrap_unionall(Array).name || return Any[]
        length(plain.parameters) >= 2 && plain.parameters[2] isa Int && plain.parameters[2] != 1 &&
            return Any[]
        element = plain.parameters[1]
        inner = element === Any || (element isa TypeVar && element.ub === Any) ?
            Any[Int64, Float64, String] : julia_aot_alternatives(element)
        return Any[Vector{T} for T in inner if !(T <: AbstractVector) && Vector{T} <: declared]
    end
    (isconcretetype(declared) && (declared <: JuliaAotInt || declared <: JuliaAotFloat)) && return Any[declared]
    declared in (String, Char, Bool) && return Any[declared]
    return Any[T for T in (Int64, Float64, String) if T <: declared]
end

# ((name, alternatives), …) of each argument, or nothing when one cannot come from a command line.
function julia_aot_arguments(method::Method)
    signature = Base.unwrap_unionall(method.sig)
    method.isva && return nothing
    declared = collect(signature.parameters)[2:end]
    names = try
        [first(d) for d in Base.arg_decl_parts(method)[2]][2:end]
    catch
        String[]
    end
    found = Any[]
    for (i, T) in enumerate(declared)
        alternatives = julia_aot_alternatives(T)
        isempty(alternatives) && return nothing
        name = i <= length(names) && !isempty(names[i]) ? string(names[i]) : string("x", i)
        push!(found, (name, alternatives, T))
    end
    return found
end

function julia_aot_type_name(T)
    T === Any && return "value"
    T isa TypeVar && return julia_aot_type_name(T.ub)
    plain = Base.unwrap_unionall(T)
    if plain isa DataType && plain <: AbstractArray
        element = plain.parameters[1]
        return string(julia_aot_type_name(element), ",… or @file")
    end
    return string(T)
end

# Try each alternative of argument `i`; call the function when all are there, else fall through.
function julia_aot_attempt(f, arguments, i, budget)
    i > length(arguments) && return :(return julia_aot_finish($f($((Symbol("v", k) for k in 1:length(arguments))...))))
    alternatives = arguments[i][2]
    body = Expr(:block)
    for T in alternatives[1:min(end, budget)]
        push!(body.args, quote
            let $(Symbol("v", i)) = julia_aot_value($T, args[$i])
                if $(Symbol("v", i)) !== nothing
                    $(julia_aot_attempt(f, arguments, i + 1, max(1, div(budget, 2))))
                end
            end
        end)
    end
    return body
end

macro julia_aot_command_line(name, program)
    f = getfield(__module__, name)
    methods_found = Any[]
    for method in methods(f)
        arguments = julia_aot_arguments(method)
        arguments === nothing && continue
        any(length(a) == length(arguments) for (a, _) in methods_found) && continue
        push!(methods_found, (arguments, method))
    end
    isempty(methods_found) && error(string("no method of ", name,
        " takes only numbers, strings and vectors of them; give it such a method, or write `@main`"))
    lines = String[]
    branches = Expr(:block)
    for (arguments, _) in methods_found
        words = String[string("<", a[1], "::", julia_aot_type_name(a[3]), ">") for a in arguments]
        push!(lines, rstrip(string("usage: ", program, " ", join(words, " "))))
        push!(branches.args, quote
            if length(args) == $(length(arguments))
                $(julia_aot_attempt(esc(name), arguments, 1, 5))
            end
        end)
    end
    usage = string(join(lines, "\n"), "\n")
    return quote
        function $(esc(:julia_aot_main))(args::Vector{String})::Cint
            if length(args) == 1 && (args[1] == "--help" || args[1] == "-h")
                print(Core.stdout, $usage)
                return 0
            end
            $branches
            print(Core.stderr, "error: the arguments do not fit\n", $usage)
            return 2
        end
    end
end

function julia_aot_finish(value)::Cint
    julia_aot_print(value)
    return 0
end
