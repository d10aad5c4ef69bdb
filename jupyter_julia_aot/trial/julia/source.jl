# From text to expressions, with the place of what does not parse.

module Source

using ..ParseFaults

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
        throw(syntax_fault(fault, code))
    end
    tree === nothing && return Expr(:toplevel)
    tree isa Expr || return Expr(:toplevel, tree)
    check(tree, code)
    return tree.head === :toplevel ? tree : Expr(:toplevel, tree)
end

function syntax_fault(fault, code::String)
    found = ParseFaults.describe(fault, code)
    return SyntaxFault(ParseFaults.sentence(found), found.line)
end

function check(tree::Expr, code::String)
    if tree.head === :error || tree.head === :incomplete
        throw(syntax_fault(isempty(tree.args) ? "it does not parse" : tree.args[1], code))
    end
    for part in tree.args
        part isa Expr && check(part, code)
    end
    return
end

end
