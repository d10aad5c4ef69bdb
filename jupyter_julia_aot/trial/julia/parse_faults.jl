# What a parser found wrong with a text: one sentence, line and column. Parsers differ from version to version.

module ParseFaults

struct ParseFault
    message::String
    line::Int
    column::Int     # characters, from 1
end

sentence(f::ParseFault) = string(f.message, " (line ", f.line, ", column ", f.column, ")")

"What is wrong with `code`, which does not parse; `fault` is what the parser gave: an exception or a text."
function describe(fault, code::String)
    found = diagnostic(fault)
    found === nothing || return at(found[1], code, found[2])
    text = fault isa Exception ? sprint(showerror, fault) : string(fault)
    return at(plain(text), code, failing_byte(code))
end

"Message and byte of the first error that Julia's newer parser (since 1.10) noted, or nothing."
function diagnostic(fault)
    detail = fault isa Meta.ParseError && isdefined(fault, :detail) ? fault.detail : nothing
    hasproperty(detail, :diagnostics) || return nothing
    for d in detail.diagnostics
        d.level === :error && return String(d.message), Int(d.first_byte)
    end
    return nothing
end

# The older parser says what, not where: the place is where it stopped reading.
function failing_byte(code::String)
    found = stop_of(code)
    return found === nothing ? ncodeunits(code) : found
end

parses(code::String) = stop_of(code) === nothing

"The byte at which the parser gave up, or nothing."
function stop_of(code::String)
    position = 1
    while position <= ncodeunits(code)
        tree, next = try
            Meta.parse(code, position; raise = false)
        catch
            return nothing
        end
        tree isa Expr && tree.head in (:error, :incomplete) && return max(next - 1, 1)
        next > position || break
        position = next
    end
    return nothing
end

function at(message::String, code::String, byte::Int)
    before = code[1:prevind(code, clamp(byte, 1, ncodeunits(code) + 1))]
    start = findlast(isequal('\n'), before)
    column = length(start === nothing ? before : SubString(before, nextind(before, start))) + 1
    return ParseFault(message, count(isequal('\n'), before) + 1, column)
end

function plain(text::String)
    for prefix in ("syntax: ", "ParseError:", "incomplete: ")
        startswith(text, prefix) && (text = lstrip(text[(ncodeunits(prefix) + 1):end]))
    end
    return String(first(split(text, '\n')))
end

end
