# Rewrite what the trim verifier refuses and a rule can mend, in place. ARGS: the module's main file, a file
# with what the verifier blamed (one `path<TAB>line` each), and the files that may be changed. Every rewrite
# stays on its line, so that places in later messages still hold. For each one a line
# `julia-aot-fix<TAB>path<TAB>line<TAB>rule<TAB>what was done` is printed.
using Base.JuliaSyntax: JuliaSyntax, SyntaxNode, @K_str, kind, children, byte_range, sourcetext

include("fix_types.jl")
include("fix_rules.jl")
include("fix_tables.jl")
include("fix_run_time.jl")

const MOST_PASSES = 5

function blamed_lines(list)
    blamed = Dict{String,Set{Int}}()
    for row in eachline(list)
        path, line = split(row, '\t')
        push!(get!(Set{Int}, blamed, String(path)), parse(Int, line))
    end
    return blamed
end

# Edits that do not touch each other, first ones first; the rest wait for the next pass.
function apart(edits)
    kept = Edit[]
    last = 0
    for edit in sort(edits; by = e -> (first(e.range), -length(e.range)))
        first(edit.range) > last || (isempty(edit.range) && first(edit.range) == last + 1) || continue
        push!(kept, edit)
        last = max(last, Base.last(edit.range))
    end
    return kept
end

function rewritten(text, edits)
    bytes = Vector{UInt8}(codeunits(text))
    for edit in reverse(edits)
        splice!(bytes, edit.range, collect(codeunits(edit.text)))
    end
    return String(bytes)
end

function fix(main, list, files)
    blamed = blamed_lines(list)
    for _ in 1:MOST_PASSES
        facts = gather(main)
        changed = false
        for file in files
            text = read(file, String)
            tree = JuliaSyntax.parseall(SyntaxNode, text; ignore_errors = true)
            context = Context(tree, text, facts, get(Set{Int}, blamed, file), file)
            edits = apart(Base.invokelatest(all_edits, context))
            isempty(edits) && continue
            after = rewritten(text, edits)
            # A rule that makes something unreadable is a fault of ours; the user's text stays.
            try
                JuliaSyntax.parseall(Expr, after; filename = file)
            catch
                continue
            end
            write(file, after)
            changed = true
            for edit in edits
                isempty(edit.note) && continue
                println("julia-aot-fix\t", join((file, edit.line, edit.rule, edit.note), '\t'))
            end
        end
        changed || return
    end
end

fix(ARGS[1], ARGS[2], ARGS[3:end])
