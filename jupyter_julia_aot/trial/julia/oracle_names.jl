# Which names do tests take from the candidate, and which are their own? From the parsed text.

module OracleNames

"The tests' own `using` and `import` at top level, which must come before the candidate's names."
packages(tree::Expr) = Any[ex for ex in tree.args if ex isa Expr && ex.head in (:using, :import) && !is_test(ex)]
is_test(ex::Expr) = ex.args == Any[Expr(:., :Test)]

"Names that the tests use and do not define, and that are not Julia's."
function wanted(tree::Expr)
    used, own = Set{Symbol}(), Set{Symbol}()
    collect!(used, own, tree)
    return [s for s in used if !(s in own || isdefined(Base, s) || isdefined(Core, s))]
end

"Whether the tests name a type: a name that they take from the candidate, written as types are."
names_type(tree::Expr, name::Symbol) = isuppercase(first(string(name))) && name in wanted(tree)

collect!(used, own, ex) = nothing
collect!(used, own, ex::Symbol) = (push!(used, ex); nothing)
collect!(used, own, ex::QuoteNode) = nothing
function collect!(used, own, ex::Expr)
    head, args = ex.head, ex.args
    head in (:using, :import, :quote, :inert) && return nothing
    if head === :macrocall
        args = args[2:end]
    elseif head === :kw
        args = args[2:end]
    elseif head in (:(=), :struct, :abstract, :const, :function, :->, :macro, :where, :local, :global) && !isempty(args)
        place = head === :struct ? args[2] : args[1]
        head === :where ? foreach(a -> bind!(own, a), args[2:end]) : bind!(own, place)
    elseif head === :try && args[2] isa Symbol
        push!(own, args[2])
    end
    foreach(part -> collect!(used, own, part), args)
    return nothing
end

"The names that a pattern, a signature or a definition binds."
bind!(own, ex) = nothing
bind!(own, ex::Symbol) = (push!(own, ex); nothing)
function bind!(own, ex::Expr)
    if ex.head in (:tuple, :call, :parameters, :block)
        foreach(a -> bind!(own, a), ex.args)
    elseif ex.head in (:(=), :kw, :<:, :curly, :..., :where, :const) || (ex.head === :(::) && length(ex.args) == 2)
        isempty(ex.args) || bind!(own, ex.args[1])
    end
    return
end

end
