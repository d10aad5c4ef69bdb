# Fields that a candidate's type has in common with Julia's own: `s.size` of its stack, but not of a big integer.
# Part of the module Screen. Which object it is shows at run time only, so the code is changed to ask.

"The candidate's code with those accesses checked; `home` is the module that it is loaded into."
shield(tree::Expr, f::Findings, home::Module) = f.shielded ? shielded(f, tree, home) : tree

check_owner(home::Module, x, name::Symbol) = x isa NamedTuple || parentmodule(typeof(x)) === home ||
    error("a candidate may not reach into the field `", name, "` of a ", nameof(typeof(x)))

read_field(home::Module, x, name::Symbol) = (check_owner(home, x, name); getproperty(x, name))
function write_field!(home::Module, x, name::Symbol, value)
    check_owner(home, x, name)
    setproperty!(x, name, value)
    return value
end

shielded(f::Findings, ex, home::Module) = ex
function shielded(f::Findings, ex::Expr, home::Module)
    ex.head in (:quote, :inert, :using, :import) && return ex
    is_field(f, ex) && return Expr(:call, read_field, home, shielded(f, ex.args[1], home), ex.args[2])
    if ex.head === :(=) && is_field(f, ex.args[1])
        return assignment(f, ex.args[1], shielded(f, ex.args[2], home), home)
    elseif ex.head === :(=) && ex.args[1] isa Expr && ex.args[1].head === :tuple && any(a -> is_field(f, a), ex.args[1].args)
        return destructuring(f, ex.args[1].args, shielded(f, ex.args[2], home), home)
    elseif (op = updating(ex.head)) !== nothing && is_field(f, ex.args[1])
        object, name = gensym("object"), ex.args[1].args[2]
        value = Expr(:call, op, Expr(:call, read_field, home, object, name), shielded(f, ex.args[2], home))
        return Expr(:block, Expr(:(=), object, shielded(f, ex.args[1].args[1], home)),
                    Expr(:call, write_field!, home, object, name, value))
    end
    return Expr(ex.head, Any[shielded(f, a, home) for a in ex.args]...)
end

is_field(f::Findings, ex) = ex isa Expr && ex.head === :. && length(ex.args) == 2 && ex.args[2] isa QuoteNode &&
                            ex.args[2].value isa Symbol && guarded(ex.args[2].value) && !walk_path!(f, ex.args[1])

assignment(f::Findings, field::Expr, value, home::Module) =
    Expr(:call, write_field!, home, shielded(f, field.args[1], home), field.args[2], value)

# `a.size, b = b, a.size`
function destructuring(f::Findings, targets::Vector{Any}, value, home::Module)
    names = Any[is_field(f, t) ? gensym("part") : t for t in targets]
    whole = gensym("whole")
    sets = Any[assignment(f, t, name, home) for (t, name) in zip(targets, names) if is_field(f, t)]
    return Expr(:block, Expr(:(=), whole, value), Expr(:(=), Expr(:tuple, names...), whole), sets..., whole)
end

"`:+` for `:+=`; nothing for what updates no variable in place of it (`.+=` writes into the object itself)."
function updating(head::Symbol)
    text = string(head)
    endswith(text, "=") && length(text) > 1 && isoperator_head(text) || return nothing
    return Symbol(chop(text))
end
isoperator_head(text::String) = !startswith(text, ".") && chop(text) in
    ("+", "-", "*", "/", "//", "\\", "^", "÷", "%", "<<", ">>", ">>>", "|", "&", "⊻")
