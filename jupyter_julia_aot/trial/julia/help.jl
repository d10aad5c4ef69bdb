# Docstrings and completions.

module Help

"The docstrings of a name that a module defines, as Markdown; empty when there is none."
function documentation(place::Module, name::String)
    found = get(Base.Docs.meta(place), Base.Docs.Binding(place, Symbol(name)), nothing)
    found isa Base.Docs.MultiDoc || return ""
    return join((string(found.docs[s].text...) for s in found.order), "\n\n")
end

const REPL_PACKAGE = Base.PkgId(Base.UUID("3fa0cd96-eef1-5676-8a61-b3b8758bbffb"), "REPL")

function completions(code::String, position::Int)
    repl = Base.require(REPL_PACKAGE)
    return Base.invokelatest(complete_with, repl, code, position)
end
function complete_with(repl, code, position)
    found, range, ok = repl.REPLCompletions.completions(code, position, Main)
    ok || return Dict{String,Any}("matches" => Any[], "start" => position, "stop" => position)
    # From Julia 1.12 on, `completion_text` has no method for `\\alpha`.
    text = isdefined(repl.REPLCompletions, :named_completion) ?
        c -> repl.REPLCompletions.named_completion(c).completion : repl.REPLCompletions.completion_text
    texts = unique!(Any[String(text(c)) for c in found])
    return Dict{String,Any}("matches" => texts, "start" => first(range) - 1, "stop" => last(range))
end

end
