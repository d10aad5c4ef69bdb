# Can this code reach anything but values? A static look at the parsed candidate.
#
# Code that uses only names from a reviewed list cannot look into or change the process it runs in: no `ccall`,
# no pointers, no `eval`, no reflection, no modules as values, no tasks, no insides of Julia's own objects, no methods
# on other people's functions and types. Such a candidate may be judged in one process with the tests. All other
# candidates are judged across a process border (referee.jl). So a name missing on the list costs time, never safety.

module Screen

include("screen_names.jl")

mutable struct Findings
    reasons::Vector{String}
    own_types::Set{Symbol}          # types that the candidate defines, whatever happens
    own_fields::Set{Symbol}         # their fields, and those of its named tuples
    assigned::Set{Symbol}           # global variables
    packages::Set{Symbol}           # packages it uses
    imported::Dict{Symbol,Symbol}   # name → where from
    extended::Set{Symbol}           # own types with methods on functions that are not the candidate's
    shielded::Bool                  # whether fields are read that only its own types may show (`shield`)
    line::Int
end

"What the candidate could reach: reasons (empty: nothing but values), and own types it teaches Julia's functions."
function look(tree)
    f = Findings(String[], Set{Symbol}(), Set{Symbol}(), Set{Symbol}(), Set{Symbol}(), Dict{Symbol,Symbol}(), Set{Symbol}(),
                 false, 0)
    collect_names!(f, tree)
    collect_types!(f, tree)
    walk!(f, tree)
    return f
end

function flag!(f::Findings, what)
    length(f.reasons) < 5 && push!(f.reasons, f.line == 0 ? string(what) : string(what, " (line ", f.line, ")"))
    return
end

type_name(ex::Symbol) = ex
function type_name(ex)
    ex isa Expr && ex.head in (:curly, :<:, :where) && return type_name(ex.args[1])
    return nothing
end

# ---------------------------------------------------------------- what is defined

collect_names!(f::Findings, ex, inside::Bool = false) = nothing
function collect_names!(f::Findings, ex::Expr, inside::Bool = false)
    inside |= ex.head in (:function, :->) || (ex.head === :(=) && is_signature(ex.args[1]))
    if ex.head === :(=) && !inside
        collect_pattern!(f, ex.args[1])
    elseif ex.head in (:using, :import)
        for a in ex.args
            from = a isa Expr && a.head === :(:) ? a.args[1] : a
            from isa Expr && from.head === :. && from.args[1] isa Symbol && push!(f.packages, from.args[1])
        end
    elseif ex.head === :struct && ex.args[3] isa Expr
        for field in ex.args[3].args
            field isa Expr && field.head in (:(::), :const, :(=)) && (field = field_name(field))
            field isa Symbol && push!(f.own_fields, field)
        end
    elseif ex.head === :tuple # (size = 1, data = 2), (; size = 1)
        for a in ex.args, field in (a isa Expr && a.head === :parameters ? a.args : (a,))
            field isa Expr && field.head in (:(=), :kw) && field.args[1] isa Symbol && push!(f.own_fields, field.args[1])
        end
    end
    foreach(part -> collect_names!(f, part, inside), ex.args)
    return
end

field_name(ex) = ex isa Expr && ex.head in (:(::), :const, :(=)) ? field_name(ex.args[1]) : ex

collect_pattern!(f::Findings, ex) = nothing
collect_pattern!(f::Findings, ex::Symbol) = (push!(f.assigned, ex); nothing)
function collect_pattern!(f::Findings, ex::Expr)
    ex.head in (:tuple, :(::), :..., :parameters, :curly) && foreach(a -> collect_pattern!(f, a), ex.args)
    return
end

# Only types that are there in any case, under a name that means nothing else: `if false struct Int end end` does not
# make Julia's integers the candidate's.
function collect_types!(f::Findings, ex)
    ex isa Expr || return
    if ex.head in (:struct, :abstract)
        name = type_name(ex.head === :struct ? ex.args[2] : ex.args[1])
        name isa Symbol && !(foreign(name) || name in f.assigned || any(p -> package_type(p, name), f.packages)) &&
            push!(f.own_types, name)
    elseif ex.head in (:toplevel, :block, :macrocall)
        foreach(part -> collect_types!(f, part), ex.args)
    end
    return
end

# ---------------------------------------------------------------- what is used

function check_name!(f::Findings, s::Symbol)
    if s in SPECIAL || (foreign(s) && !(s in SAFE)) || s in UNSAFE_EXPORTS
        flag!(f, string("uses `", s, "`"))
    elseif s in f.packages || (haskey(f.imported, s) && s in SAFE_MODULES)
        flag!(f, string("uses the module `", s, "` as a value"))
    end
    return
end

walk!(f::Findings, ex) = nothing
walk!(f::Findings, ex::LineNumberNode) = (f.line = ex.line; nothing)
walk!(f::Findings, s::Symbol) = check_name!(f, s)
walk!(f::Findings, ex::GlobalRef) = ex.name in SAFE_MACROS || ex.name === Symbol("@cmd") ? nothing : check_name!(f, ex.name)
function walk!(f::Findings, ex::Expr)
    head = ex.head
    if head === :macrocall
        walk_macro!(f, ex)
    elseif head === :.
        walk_dot!(f, ex)
    elseif head in (:using, :import)
        foreach(a -> walk_import!(f, a, head), ex.args)
    elseif head in (:module, :macro, :primitive, :foreigncall, :cfunction, :generated)
        flag!(f, string("contains a `", head, "`"))
    elseif head === :export || head === :public
        nothing
    elseif head === :kw
        foreach(a -> walk!(f, a), ex.args[2:end])
    elseif head === :function || head === :-> || (head === :(=) && is_signature(ex.args[1]))
        head === :-> || check_method!(f, ex.args[1])
        foreach(a -> walk!(f, a), ex.args)
    elseif head === :struct
        walk!(f, ex.args[2])
        foreach(part -> walk_field!(f, part), ex.args[3].args)
    else
        head === :tuple && check_destructuring!(f, ex)
        foreach(a -> walk!(f, a), ex.args)
    end
    return
end

# The name of a field may be anything.
walk_field!(f::Findings, ex) = ex isa Symbol ? nothing : walk!(f, ex)
function walk_field!(f::Findings, ex::Expr)
    ex.head in (:(::), :(=)) && !is_signature(ex.args[1]) || return walk!(f, ex)
    walk_field!(f, ex.args[1])
    return walk!(f, ex.args[2])
end

# `(; d) = b` reads the field `d` of `b`.
function check_destructuring!(f::Findings, ex::Expr)
    for inner in ex.args
        inner isa Expr && inner.head === :parameters || continue
        for a in inner.args
            a = field_name(a)
            a isa Symbol && guarded(a) && flag!(f, string("takes a value apart by its field `", a, "`"))
        end
    end
    return
end

function walk_macro!(f::Findings, ex::Expr)
    name = ex.args[1]
    name isa GlobalRef && (name = name.name)
    if name isa Expr && name.head === :. && name.args[2] isa QuoteNode
        walk_path!(f, name.args[1]) || flag!(f, "uses a macro of another module")
        name = name.args[2].value
    end
    ex.args[2] isa LineNumberNode && (f.line = ex.args[2].line)
    name isa Symbol && name in SAFE_MACROS || flag!(f, string("uses `", name, "`"))
    # `@doc` before a definition documents it; by itself it finds a record of the module.
    name === Symbol("@doc") && length(ex.args) < 4 && flag!(f, "reads documentation")
    foreach(a -> walk!(f, a), ex.args[3:end])
    return
end

"Whether an expression names a module that is fine to name."
function walk_path!(f::Findings, ex)
    ex isa Symbol && return ex === :Base || ex in SAFE_MODULES || ex in SAFE_PACKAGES
    return ex isa Expr && ex.head === :. && ex.args[2] isa QuoteNode && walk_path!(f, ex.args[1]) &&
           ex.args[2].value in SAFE_MODULES
end

function walk_dot!(f::Findings, ex::Expr)
    if length(ex.args) == 1 # the operator `.+` by itself
        return walk!(f, ex.args[1])
    end
    left, right = ex.args[1], ex.args[2]
    if right isa Expr # f.(x)
        walk!(f, left)
        return walk!(f, right)
    end
    name = right isa QuoteNode ? right.value : right
    if walk_path!(f, left)
        if name isa Symbol && (name in SAFE || name in SAFE_INTERNAL || (left isa Symbol && package_export(left, name)))
            return nothing
        end
        return flag!(f, string("uses `", ex, "`"))
    end
    walk!(f, left)
    if !(name isa Symbol)
        flag!(f, "computes the name of a property")
    elseif guarded(name)
        name in f.own_fields ? (f.shielded = true) : flag!(f, string("reads the property `", name, "`"))
    end
    return nothing
end

function walk_import!(f::Findings, ex, head)
    ex isa Expr || return flag!(f, "imports something unusual")
    if ex.head === :(:) # import A: b, c
        from = ex.args[1]
        foreach(a -> import_name!(f, from, a), ex.args[2:end])
    elseif ex.head === :. && length(ex.args) == 1 && (ex.args[1] in SAFE_PACKAGES)
        nothing
    elseif ex.head === :. && length(ex.args) == 2 && ex.args[1] === :Base # import Base.show
        import_name!(f, Expr(:., :Base), Expr(:., ex.args[2]))
    elseif ex.head === :. && ex.args == Any[:Base]
        nothing
    else
        flag!(f, string("uses the package `", join(ex.args, "."), "`"))
    end
    return
end

function import_name!(f::Findings, from, what)
    package = from isa Expr && from.head === :. && length(from.args) <= 2 ? from.args[1] : nothing
    ok = package === :Base || package in SAFE_PACKAGES
    ok &= !(from isa Expr) || length(from.args) == 1 || from.args[2] in SAFE_MODULES
    name = what isa Expr && what.head === :. && length(what.args) == 1 ? what.args[1] : nothing
    if !ok || !(name isa Symbol) # renaming with `as` also ends up here
        return flag!(f, "imports something unusual")
    end
    known = startswith(string(name), "@") ? name in SAFE_MACROS :
        name in SAFE || name in SAFE_INTERNAL || name in SAFE_MODULES || package_export(package, name)
    known || flag!(f, string("imports `", name, "`"))
    f.imported[name] = package
    return
end

include("screen_methods.jl")
include("shield.jl")

end
