# Whose function gets a method, and for whose types? Part of the module Screen.

is_signature(ex) = ex isa Expr && (ex.head === :call || (ex.head in (:where, :(::)) && is_signature(ex.args[1])))

"The call in a signature; `bound` gets the type variables of its `where`, with what bounds them from above."
function strip_signature(ex, bound::Dict{Symbol,Any})
    if ex isa Expr && ex.head === :where
        for variable in ex.args[2:end]
            name, above = variable isa Expr && variable.head === :<: ? variable.args[1:2] : (variable, nothing)
            name isa Expr && (name = name.args[1])
            name isa Symbol && (bound[name] = above)
        end
        return strip_signature(ex.args[1], bound)
    end
    ex isa Expr && ex.head === :(::) && length(ex.args) == 2 && is_signature(ex.args[1]) &&
        return strip_signature(ex.args[1], bound)
    return ex
end

"Is this a method for somebody else's function? Then one of the arguments must be of the candidate's own type."
function check_method!(f::Findings, signature)
    bound = Dict{Symbol,Any}()
    call = strip_signature(signature, bound)
    call isa Expr && call.head === :call || return
    target = call.args[1]
    target isa Expr && target.head === :curly && (target = target.args[1])
    if target isa Symbol
        # `const eq = ==` makes `eq(a, b) = true` a method of `==`.
        target in f.assigned && return flag!(f, string("adds a method to what the variable `", target, "` holds"))
        theirs = haskey(f.imported, target) || names_a_type(f, target)
        theirs && !(target in f.own_types) || return
    elseif target isa Expr && target.head === :(::) # (x::T)(…)
        own_type_in(f, target.args[end], bound) === nothing && flag!(f, "makes somebody else's type callable")
        return
    elseif !(target isa Expr && target.head === :.)
        return
    end
    owner = own_argument(f, call, bound)
    owner === nothing ? flag!(f, string("adds a method to `", target, "` for types that are not its own")) :
        push!(f.extended, owner)
    return
end

function names_a_type(f::Findings, s::Symbol)
    for m in (Base, Core)
        exported(m, s) && isdefined(m, s) && return getfield(m, s) isa Type
    end
    return any(p -> package_type(p, s), f.packages)
end

# One that must be there: an argument with a default, or one of any number, leaves a method without it.
function own_argument(f::Findings, call::Expr, bound)
    for a in call.args[2:end]
        a isa Expr && a.head === :(::) || continue
        found = own_type_in(f, a.args[end], bound)
        found === nothing || return found
    end
    return nothing
end

# A tuple of own type can be the empty tuple, a union anything: only these are the candidate's when their elements are.
const CONTAINERS = Set([:Type, :Array, :Vector, :Matrix, :AbstractArray, :AbstractVector, :AbstractMatrix, :Dict,
                        :AbstractDict, :Set, :AbstractSet, :Pair, :Ref])

function own_type_in(f::Findings, ex, bound)
    if ex isa Symbol
        haskey(bound, ex) && return bound[ex] === ex ? nothing : own_type_in(f, bound[ex], delete!(copy(bound), ex))
        return ex in f.own_types ? ex : nothing
    end
    ex isa Expr || return nothing
    ex.head === :<: && return length(ex.args) == 1 ? own_type_in(f, ex.args[1], bound) : nothing
    ex.head === :curly || return nothing
    ex.args[1] in CONTAINERS || return own_type_in(f, ex.args[1], bound)
    for a in ex.args[2:end]
        found = own_type_in(f, a, bound)
        found === nothing || return found
    end
    return nothing
end
