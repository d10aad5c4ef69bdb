# Rules for what is only known at run time though it is written in the source, and for caught exceptions.

# `eval(Meta.parse("1 + 2"))`, `eval(:(1 + 2))`: the expression itself.
function evaluation(c, node)
    arguments = positional(node)
    is_name(parts(node)[1], :eval) && length(arguments) == 1 && length(parts(node)) == 2 || return
    text = text_of(arguments[1])
    parsed = match(r"^Meta\.parse\(\s*\"([^\"\\$\n]*)\"\s*\)$", text)
    quoted = kind(arguments[1]) == K"quote" && length(parts(arguments[1])) == 1 && !occursin('$', text) && one_line(node)
    inner = parsed !== nothing ? String(parsed[1]) : quoted ? text_of(parts(arguments[1])[1]) : return
    expression = Meta.parse(inner; raise = false)
    expression isa Expr && expression.head in (:error, :incomplete) && return
    # A variable of the function is not what `eval` would see.
    any(name -> find_assignment(c.tree, name) !== nothing, symbols!(Set{Symbol}(), expression)) && return
    change!(c, node, "($inner)", "eval", "$(text_of(node)) → ($inner)")
end

function symbols!(found, expression)
    expression isa Symbol && push!(found, expression)
    expression isa Expr && foreach(a -> symbols!(found, a), expression.args)
    return found
end

# run(`echo hi`) as a statement: by the C library, which needs no event loop.
function command(c, node)
    arguments = positional(node)
    is_name(parts(node)[1], :run) && length(arguments) == 1 && length(parts(node)) == 2 || return
    line_of(node) in c.blamed && kind(node.parent) == K"block" || return
    written = match(r"^`([^`$\\\n]*)`$", text_of(arguments[1]))
    written === nothing && return
    words = Base.shell_escape_posixly(Base.shell_split(String(written[1]))...)
    change!(c, node, "(ccall(:system, Cint, (Cstring,), $(repr(words))) == 0 || error($(repr("failed: " * words))); nothing)",
        "starting a program", "run(`…`) → ccall(:system, …)")
end

# `Dates.format(d, "yyyy-mm-dd")`: the format is read when the program is compiled.
function date_format(c, node)
    called, arguments = text_of(parts(node)[1]), positional(node)
    occursin(r"^(Dates\.)?(format|Date|DateTime|Time)$", called) && length(arguments) == 2 || return
    line_of(node) in c.blamed && literal_key(arguments[2]) !== nothing || return
    written = strip(text_of(arguments[2]))
    startswith(written, '"') && isdefined(c.facts.modules, :Dates) || return
    change!(c, arguments[2], "Dates.dateformat$written", "formatted date", "$written → dateformat$written")
end

# ---- exceptions

# Which type a caught exception has is not known: the common ones of Base are looked at one by one.
const WORDED = "Union{ErrorException,ArgumentError,DimensionMismatch,OverflowError}"
const SHOWN = "julia_aot_shown(@nospecialize(e))::String = (x = e isa $WORDED ? e.msg : e isa KeyError ? e.key : nothing; " *
    "string(String(nameof(typeof(e))), x isa String ? string('(', repr(x), ')') : x isa Int ? string('(', x, ')') : " *
    "fieldcount(typeof(e)) == 0 ? \"()\" : \"(…)\")); "
const TOLD = "julia_aot_told(@nospecialize(e))::String = (m = e isa $WORDED ? e.msg : nothing; e isa ErrorException && " *
    "m isa String ? m : string(String(nameof(typeof(e))), m isa String ? string(\": \", m) : \"\")); "

function caught_exception(c, node)
    line_of(node) in c.blamed || return
    block = node.parent
    while block !== nothing && kind(block) != K"catch"
        block = block.parent
    end
    (block === nothing || parts(block)[1] === node || !is_name(parts(block)[1], node.val)) && return
    above, name, rule = node.parent, text_of(node), "printing an exception"
    note = "common exceptions of Base as Julia writes them, others by their type"
    shown() = help!(c, node, SHOWN, "julia_aot_shown(@", rule)
    told() = help!(c, node, TOLD, "julia_aot_told(@", rule)
    if kind(above) == K"string"
        change!(c, node, "(julia_aot_shown($name))", rule, note)
        shown()
    elseif !is_call(above) || parts(above)[1] === node
        return
    elseif is_name(parts(above)[1], :print, :println, :string)
        change!(c, node, "julia_aot_shown($name)", rule, note)
        shown()
    elseif is_name(parts(above)[1], :sprint) && length(parts(above)) == 3 && is_name(parts(above)[2], :showerror)
        change!(c, above, "julia_aot_told($name)", rule, note)
        told()
    elseif is_name(parts(above)[1], :showerror) && length(parts(above)) == 3
        change!(c, above, "print($(strip(text_of(parts(above)[2]))), julia_aot_told($name))", rule, note)
        told()
    end
end
