# A file of statements, without a function to start, as a program: definitions stay where they are, the
# statements become the body of `julia_aot_main`. Variables that a function uses stay global; the others
# are its own. Works on Julia 1.5 and newer; all names begin with julia_aot_.

const JULIA_AOT_DEFINITIONS = (:function, :macro, :struct, :abstract, :primitive, :module, :using, :import,
    :export, :public, :const)

function julia_aot_defines(ex)
    ex isa Expr || return false
    ex.head in JULIA_AOT_DEFINITIONS && return true
    # Included files define what the program uses; at run time there is nothing to include.
    ex.head === :call && ex.args[1] === :include && return true
    if ex.head === :(=)
        target = ex.args[1]
        while target isa Expr && target.head in (:where, :(::))
            target = target.args[1]
        end
        return target isa Expr && target.head === :call
    end
    return ex.head === :macrocall && julia_aot_defines(ex.args[end])
end

function julia_aot_symbols!(found, ex)
    ex isa Symbol && push!(found, ex)
    ex isa Expr && foreach(a -> julia_aot_symbols!(found, a), ex.args)
    return found
end

# In a function a variable needs no `global` to be changed by the function's own loops.
function julia_aot_own(ex, shared)
    ex isa Expr || return ex
    if ex.head === :global
        target = ex.args[1] isa Expr ? ex.args[1].args[1] : ex.args[1]
        target isa Symbol && !(target in shared) || return ex
        return ex.args[1] isa Symbol ? nothing : ex.args[1]
    end
    return Expr(ex.head, (julia_aot_own(a, shared) for a in ex.args)...)
end

function julia_aot_assigned!(found, ex)
    ex isa Expr || return found
    if ex.head === :(=) && ex.args[1] isa Symbol
        push!(found, ex.args[1])
    elseif ex.head === :(=) && ex.args[1] isa Expr && ex.args[1].head === :tuple
        foreach(a -> a isa Symbol && push!(found, a), ex.args[1].args)
    end
    return found
end

macro julia_aot_script(file)
    path = joinpath(dirname(string(__source__.file)), file)
    text = read(path, String)
    parsed = isdefined(Meta, :parseall) ? Meta.parseall(text; filename = path) :
        Base.parse_input_line(text; filename = path)
    broken = !(parsed isa Expr) || any(a -> a isa Expr && a.head in (:error, :incomplete), [parsed; parsed.args])
    broken && return esc(:(include($path)))  # says what is wrong and where
    definitions, statements = Any[], Any[]
    place = LineNumberNode(1, Symbol(path))
    for ex in parsed.args
        ex isa LineNumberNode && (place = ex; continue)
        # `if abspath(PROGRAM_FILE) == @__FILE__`: this is the program now.
        if ex isa Expr && ex.head === :if && :PROGRAM_FILE in julia_aot_symbols!(Set{Symbol}(), ex.args[1])
            ex = ex.args[2]
        end
        julia_aot_defines(ex) ? push!(definitions, Expr(:toplevel, place, ex)) : append!(statements, Any[place, ex])
    end
    used = Set{Symbol}()
    foreach(ex -> julia_aot_symbols!(used, ex), definitions)
    assigned = Set{Symbol}()
    foreach(ex -> julia_aot_assigned!(assigned, ex), statements)
    shared = sort!(collect(intersect(used, assigned)))
    own = Any[julia_aot_own(ex, shared) for ex in statements]
    body = Expr(:block, (Expr(:global, name) for name in shared)..., own..., :(return Cint(0)))
    main = Expr(:function, :(julia_aot_main(ARGS::Vector{String})::Cint), body)
    # One after the other: a macro that the statements use comes from a package loaded here.
    foreach(ex -> Core.eval(__module__, ex), definitions)
    return esc(main)
end
