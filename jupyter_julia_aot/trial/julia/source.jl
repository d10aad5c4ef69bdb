# From text to expressions, with the place of what does not parse.

module Source

struct SyntaxFault <: Exception
    message::String
    line::Union{Int,Nothing}
end

"All top-level expressions of a text as one `:toplevel` expression. Throws SyntaxFault."
function parse_all(code::String, file::String)
    if !isvalid(code)
        throw(SyntaxFault("the text is not valid UTF-8", nothing))
    elseif occursin('\0', code)
        throw(SyntaxFault("the text contains a NUL character", nothing))
    end
    tree = try
        isdefined(Meta, :parseall) ? Meta.parseall(code; filename = file) :
            Base.parse_input_line(code; filename = file)
    catch fault
        throw(SyntaxFault(text_of(fault), line_in(text_of(fault), file)))
    end
    tree === nothing && return Expr(:toplevel)
    tree isa Expr || return Expr(:toplevel, tree)
    check(tree, file, code)
    return tree.head === :toplevel ? tree : Expr(:toplevel, tree)
end

text_of(fault) = first_lines(sprint(showerror, fault))

# Parsers print the source around the error; the first lines say what is wrong.
function first_lines(text::String)
    lines = split(text, '\n')
    return join(lines[1:min(end, 8)], '\n')
end

function line_in(text::String, file::String)
    found = match(Regex("\\Q" * file * "\\E:(\\d+)"), text)
    return found === nothing ? nothing : parse(Int, found.captures[1])
end

mutable struct Place
    line::Union{Int,Nothing}
end

check(tree::Expr, file::String, code::String) = check(tree, Place(nothing), file, code)
function check(tree::Expr, place::Place, file::String, code::String)
    if tree.head === :error
        what = isempty(tree.args) ? "it does not parse" : tree.args[1]
        text = what isa Exception ? text_of(what) : string(what)
        line = line_in(text, file)
        throw(SyntaxFault(text, line === nothing ? place.line : line))
    elseif tree.head === :incomplete
        text = isempty(tree.args) ? "the code ends too early" : string(tree.args[1])
        throw(SyntaxFault(text, count(isequal('\n'), rstrip(code)) + 1))
    end
    for part in tree.args
        if part isa LineNumberNode
            place.line = part.line
        elseif part isa Expr
            check(part, place, file, code)
        end
    end
end

end
