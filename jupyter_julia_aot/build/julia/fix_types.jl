# What inference knows about the user's functions: which values go into which container, and which captured
# variables are boxed. The module is loaded, nothing of it is called.

struct Facts
    modules::Module                                   # the user's module, or an empty one
    values::Dict{Tuple{Symbol,Int},Vector{Any}}       # (variable, line of its method) => types put into it
    keys::Dict{Tuple{Symbol,Int},Vector{Any}}
    boxes::Dict{Tuple{Symbol,Int},Vector{Any}}        # … => types assigned to a boxed variable
    printed::Dict{Int,Vector{Vector{Any}}}            # line => argument types of each print there
end

const MOST_METHODS = 2000
const STORES_LAST = (push!, pushfirst!, insert!)

function gather(main)
    holder = Module(:JuliaAotFix)
    inner = holder
    try
        Core.eval(holder, :(include(path) = Base.include($holder, path)))
        loaded = redirect_stdout(() -> Base.invokelatest(Base.include, holder, main), stderr)
        loaded isa Module && (inner = loaded)
    catch error
        # Without types the rules that look at the text alone still work.
        println(stderr, "not loaded: ", sprint(showerror, error))
    end
    facts = Facts(inner, Dict(), Dict(), Dict(), Dict())
    Base.invokelatest(look, facts)
    return facts
end

function look(facts)
    seen = Set{Any}()
    for name in names(facts.modules; all = true)
        isdefined(facts.modules, name) || continue
        f = getglobal(facts.modules, name)
        f isa Function && belongs(f, facts) || continue
        for method in methods(f)
            all(isconcretetype, Base.unwrap_unionall(method.sig).parameters) && visit(facts, method.sig, seen, 0)
        end
        name === :main && visit(facts, Tuple{typeof(f),Vector{String}}, seen, 0)
    end
end

belongs(f, facts) = below(parentmodule(f isa Type ? f : typeof(f)), facts.modules)

function below(m, top)
    while m !== top
        parent = parentmodule(m)
        parent === m && return false
        m = parent
    end
    return true
end

function visit(facts, signature, seen, depth)
    (signature in seen || length(seen) > MOST_METHODS || depth > 12) && return
    push!(seen, signature)
    for (code, _) in code_typed_of(signature)
        code isa Core.CodeInfo || continue
        instance = code.parent
        line = instance isa Core.MethodInstance && instance.def isa Method ? Int(instance.def.line) : 0
        for (index, statement) in enumerate(code.code)
            calls(facts, code, statement, line, seen, depth, index)
        end
    end
end

code_typed_of(signature) =
    try
        Base.code_typed_by_type(signature; optimize = false, debuginfo = :source)
    catch
        Any[]
    end

function calls(facts, code, statement, line, seen, depth, index)
    statement isa Expr || return
    if statement.head === :(=)
        return calls(facts, code, statement.args[2], line, seen, depth, index)
    end
    statement.head === :call || return
    f = constant(code, statement.args[1])
    arguments = statement.args[2:end]
    types = Any[type_of(code, a) for a in arguments]
    if f === Core.setfield! && length(arguments) >= 3 && types[1] === Core.Box
        note!(facts.boxes, variable(code, arguments[1]), line, types[3])
    elseif f in STORES_LAST && length(arguments) >= 2
        note!(facts.values, variable(code, arguments[1]), line, types[end])
    elseif f === append! && length(arguments) == 2
        note!(facts.values, variable(code, arguments[1]), line, try eltype(types[2]) catch; Any end)
    elseif f === setindex! && length(arguments) == 3
        note!(facts.values, variable(code, arguments[1]), line, types[2])
        note!(facts.keys, variable(code, arguments[1]), line, types[3])
    elseif f in (get, get!) && length(arguments) == 3
        note!(facts.values, variable(code, arguments[1]), line, types[3])
        note!(facts.keys, variable(code, arguments[1]), line, types[2])
    end
    if f in (print, println)
        streams = count(T -> T <: IO, types)
        push!(get!(Vector{Vector{Any}}, facts.printed, line_at(code, index)), types[(streams + 1):end])
    end
    target = f === nothing ? type_of(code, statement.args[1]) : Core.Typeof(f)
    ours = target isa DataType && (f === nothing ? below(parentmodule(target), facts.modules) : belongs(f, facts))
    # A function of Base is followed where it will call one of the user's closures.
    carries = any(T -> T isa DataType && T <: Function && below(parentmodule(T), facts.modules), types)
    if ours || carries
        visit(facts, Tuple{target,types...}, seen, depth + 1)
    end
end

line_at(code, index) =
    try
        Int(Base.Compiler.getdebugidx(code.debuginfo, index)[1])
    catch
        0
    end

note!(found, name, line, T) = name === nothing || push!(get!(Vector{Any}, found, (name, line)), T)

function type_of(code, x)
    T = if x isa Core.SSAValue
        code.ssavaluetypes[x.id]
    elseif x isa Core.SlotNumber
        code.slottypes[x.id]
    elseif x isa Core.Argument
        code.slottypes[x.n]
    elseif x isa GlobalRef
        isdefined(x.mod, x.name) && isconst(x.mod, x.name) ? Core.Typeof(getglobal(x.mod, x.name)) : Any
    elseif x isa QuoteNode
        Core.Typeof(x.value)
    else
        Core.Typeof(x)
    end
    W = T isa Type ? T : Core.Compiler.widenconst(T)
    return W isa Type ? W : Any
end

# The value of a callee that is known, else nothing.
function constant(code, x)
    if x isa GlobalRef
        return isdefined(x.mod, x.name) ? getglobal(x.mod, x.name) : nothing
    elseif x isa QuoteNode
        return x.value
    elseif x isa Core.SSAValue
        T = code.ssavaluetypes[x.id]
        T isa Core.Const && return T.val
        S = code.code[x.id]
        S isa GlobalRef && return constant(code, S)
        T isa DataType && isdefined(T, :instance) && return T.instance
    elseif x isa Function || x isa Type
        return x
    end
    return nothing
end

# The name of the variable that an operand stands for, through captures, else nothing.
function variable(code, x)
    if x isa Core.SlotNumber
        return code.slotnames[x.id]
    elseif x isa GlobalRef
        return x.name
    elseif x isa Core.SSAValue
        statement = code.code[x.id]
        statement isa Core.SlotNumber && return code.slotnames[statement.id]
        statement isa GlobalRef && return statement.name
        if statement isa Expr && statement.head === :call && length(statement.args) == 3
            constant(code, statement.args[1]) in (getfield, getproperty) || return nothing
            field = statement.args[3]
            return field isa QuoteNode && field.value isa Symbol ? field.value : nothing
        end
    end
    return nothing
end

# The one concrete type among what inference saw; Any is what it did not know yet.
function settled(types)
    known = unique(T for T in types if T !== Any && T !== Union{})
    return length(known) == 1 && isconcretetype(known[1]) ? known[1] : nothing
end

written(facts, T) = sprint(show, T; context = :module => facts.modules)
