# The rules: each looks at one node of the syntax tree and adds edits.

struct Edit
    range::UnitRange{Int}      # bytes replaced; empty: inserted before its first
    text::String
    rule::String
    note::String               # empty for a part of an edit that says what it does
    line::Int
end

struct Context
    tree::SyntaxNode
    text::String
    facts::Facts
    blamed::Set{Int}
    file::String
    edits::Vector{Edit}
    assigned::Dict{Symbol,Int}   # how often each name is assigned at top level
    globals::Set{Symbol}         # names that some function declares `global`
    grown::Set{Symbol}           # containers that something is put into or taken out of
end

Context(tree, text, facts, blamed, file) =
    Context(tree, text, facts, blamed, file, Edit[], Dict{Symbol,Int}(), Set{Symbol}(), Set{Symbol}())

parts(node) = something(children(node), ())
text_of(node) = String(sourcetext(node))
is_name(node, names...) = kind(node) == K"Identifier" && (isempty(names) || node.val in names)
line_of(node) = Int(JuliaSyntax.source_line(node))
is_call(node) = kind(node) == K"call" && !JuliaSyntax.is_infix_op_call(node) && !isempty(parts(node))
positional(node) = [c for c in parts(node)[2:end] if kind(c) != K"parameters" && kind(c) != K"="]
one_line(node) = !occursin('\n', text_of(node))

function change!(c, node, text, rule, note; range = byte_range(node))
    # Line numbers of later messages must hold.
    before = String(codeunits(c.text)[range])
    lines = count('\n', before) - count('\n', text)
    lines < 0 && return
    push!(c.edits, Edit(range, text * "\n"^lines, rule, note, line_of(node)))
end
insert!(c, node, place, text, rule, note) =
    push!(c.edits, Edit(place:(place - 1), text, rule, note, line_of(node)))

function all_edits(c)
    survey(c, c.tree)
    walk(c, c.tree)
    value_tables(c, c.tree)
    return c.edits
end

const GROWING = (:push!, :pushfirst!, :append!, :prepend!, :insert!, :pop!, :popfirst!, :deleteat!, :empty!,
    :resize!, :splice!, :filter!)

function survey(c, node)
    k = kind(node)
    if k == K"=" && at_top(node) && is_name(parts(node)[1])
        c.assigned[parts(node)[1].val] = get(c.assigned, parts(node)[1].val, 0) + 1
    elseif k == K"global" && !at_top(node)
        for part in parts(node)
            name = isempty(parts(part)) ? part : parts(part)[1]
            is_name(name) && push!(c.globals, name.val)
        end
    elseif is_call(node) && is_name(parts(node)[1], GROWING...) && length(parts(node)) > 1 && is_name(parts(node)[2])
        push!(c.grown, parts(node)[2].val)
    elseif k == K"=" && kind(parts(node)[1]) == K"ref" && is_name(parts(parts(node)[1])[1])
        push!(c.grown, parts(parts(node)[1])[1].val)
    end
    foreach(n -> survey(c, n), parts(node))
end

function at_top(node)
    above = node.parent
    while above !== nothing
        kind(above) in (K"toplevel", K"module", K"block", K"const") || return false
        above = above.parent
    end
    return true
end

# Line of the outermost function around a node, and its last line.
function function_lines(node)
    found = nothing
    above = node
    while above !== nothing
        k = kind(above)
        short = k == K"=" && kind(parts(above)[1]) in (K"call", K"where", K"::") && at_top(above)
        (k == K"function" || short) && (found = above)
        above = above.parent
    end
    found === nothing && return 0:0
    first_line = line_of(found)
    return first_line:(first_line + count('\n', text_of(found)))
end

function known(table, name, node)
    lines = at_top(node) ? (0:typemax(Int)) : function_lines(node)
    return Any[T for ((variable, line), types) in table if variable === name && line in lines for T in types]
end

function walk(c, node)
    k = kind(node)
    if is_call(node)
        printing(c, node)
        unknown_length(c, node)
        splatting(c, node)
        keyword_splatting(c, node)
        standard_input(c, node)
        function_table(c, node)
        evaluation(c, node)
        command(c, node)
        date_format(c, node)
    elseif k == K"Identifier"
        caught_exception(c, node)
    elseif k == K"macrocall"
        macros(c, node)
    elseif k == K"="
        assignment(c, node)
    elseif k == K"struct"
        fields(c, node)
    elseif k == K"vect" || k == K"ref"
        literal(c, node)
    end
    foreach(n -> walk(c, n), parts(node))
end

# ---- output

const STREAMS = Dict(:stdout => "Core.stdout", :stderr => "Core.stderr")

function printing(c, node)
    arguments = positional(node)
    for argument in arguments
        is_name(argument) && haskey(STREAMS, argument.val) && change!(c, argument, STREAMS[argument.val],
            "print to stdout", "$(argument.val) → $(STREAMS[argument.val])")
    end
    called = parts(node)[1]
    is_name(called, :print, :println) && vectors(c, node, arguments)
    is_name(called, :print, :println, :show, :printstyled, :display) || return
    first_one = isempty(arguments) ? nothing : arguments[1]
    # A plain variable may be a stream; what the verifier says settles it.
    unsure = first_one !== nothing && is_name(first_one) && !(line_of(node) in c.blamed)
    goes_elsewhere = first_one !== nothing &&
        (text_of(first_one) in ("Core.stdout", "Core.stderr", "stdout", "stderr") || is_name(first_one, :io))
    (unsure || goes_elsewhere || any(a -> kind(a) == K"...", arguments[1:min(end, 1)])) && return
    name = called.val
    if name === :printstyled
        inner = join((text_of(a) for a in arguments), ", ")
        change!(c, node, "print(Core.stdout, $inner)", "print to stdout", "printstyled → print(Core.stdout, …), without colours")
    elseif name === :display
        length(arguments) == 1 || return
        change!(c, node, "println(Core.stdout, $(text_of(first_one)))", "print to stdout",
            "display → println(Core.stdout, …), on one line")
    else
        place = first_one === nothing ? last(byte_range(node)) : first(byte_range(first_one))
        insert!(c, node, place, first_one === nothing ? "Core.stdout" : "Core.stdout, ", "print to stdout",
            "$name(…) → $name(Core.stdout, …)")
    end
end

# Showing a whole array looks up how to show its type, which the verifier cannot follow; `join` does not.
function vectors(c, node, arguments)
    line_of(node) in c.blamed || return
    shown = [a for a in arguments if !(text_of(a) in ("Core.stdout", "Core.stderr"))]
    for types in get(Vector{Vector{Any}}, c.facts.printed, line_of(node))
        length(types) == length(shown) || continue
        for (argument, T) in zip(shown, types)
            T isa DataType && T <: AbstractVector{<:Union{Integer,Float64}} && !(T <: AbstractVector{Bool}) || continue
            text = strip(text_of(argument))
            change!(c, argument, " \"[\", join($text, \", \"), \"]\"", "array printed whole", "$text → \"[\", join(…), \"]\"")
        end
        return
    end
end

function macros(c, node)
    one_line(node) || kind(parts(node)[1]) == K"MacroName" || return
    name = text_of(parts(node)[1])
    startswith(name, "@") || (name = "@" * name)
    arguments = parts(node)[2:end]
    isempty(arguments) && return
    source = strip(text_of(arguments[1]))
    if name == "@show"
        all(one_line, arguments) || return
        shown = join(("let shown = $a; println(Core.stdout, $(repr(a * " = ")), repr(shown)); shown end"
            for a in strip.(text_of.(arguments))), "; ")
        change!(c, node, "($shown)", "print to stdout", "@show → println(Core.stdout, …)")
    elseif name in ("@time", "@timev")
        body = strip(text_of(arguments[end]))
        change!(c, node, "(let began = time_ns(); value = $body; println(Core.stdout, (time_ns() - began) / 1e9, \" seconds\"); value end)",
            "timing macro", "$name → time_ns()")
    elseif name == "@printf"
        goes_elsewhere = text_of(arguments[1]) in ("Core.stdout", "Core.stderr", "io")
        (goes_elsewhere || !(kind(arguments[1]) in (K"string", K"String"))) && return
        change!(c, node, "print(Core.stdout, @sprintf($(join(strip.(text_of.(arguments)), ", "))))", "formatted print",
            "@printf → print(Core.stdout, @sprintf(…))")
    end
end

# ---- calls

const COLLECTIVE = Dict(:max => "maximum", :min => "minimum", :+ => "sum", :* => "prod", :string => "join")

function splatting(c, node)
    arguments = positional(node)
    called = parts(node)[1]
    is_name(called) && length(parts(node)) == 1 + length(arguments) && line_of(node) in c.blamed || return
    splats = [a for a in arguments if kind(a) == K"..."]
    length(splats) == 1 || return
    inner = text_of(parts(splats[1])[1])
    rule = "splatting a collection"
    name = called.val
    if length(arguments) == 1 && haskey(COLLECTIVE, name)
        change!(c, node, "$(COLLECTIVE[name])($inner)", rule, "$name($inner...) → $(COLLECTIVE[name])($inner)")
    elseif length(arguments) == 1 && name in (:vcat, :hcat)
        change!(c, node, "reduce($name, $inner)", rule, "$name($inner...) → reduce($name, $inner)")
    elseif name === :push! && length(arguments) == 2
        target = text_of(arguments[1])
        change!(c, node, "append!($target, $inner)", rule, "push!($target, $inner...) → append!($target, $inner)")
    elseif is_name(parts(splats[1])[1]) && isdefined(c.facts.modules, name)
        f = getglobal(c.facts.modules, name)
        f isa Function && belongs(f, c.facts) || return
        counts = unique(Int(m.nargs) - 1 for m in methods(f))
        missing_ones = length(counts) == 1 && !any(m -> m.isva, methods(f)) ? counts[1] - length(arguments) + 1 : 0
        0 < missing_ones <= 16 || return
        each = join(("$inner[$i]" for i in 1:missing_ones), ", ")
        change!(c, splats[1], each, rule, "$inner... → $each")
    end
end

function unknown_length(c, node)
    called = parts(node)[1]
    arguments = positional(node)
    if is_name(called, :ntuple) && length(arguments) == 2 && line_of(node) in c.blamed &&
           kind(arguments[2]) != K"Integer"
        change!(c, node, "map($(text_of(arguments[1])), 1:$(text_of(arguments[2])))", "tuple of unknown length",
            "ntuple(f, n) → map(f, 1:n), a vector")
    elseif is_name(called, :Tuple) && length(arguments) == 1 && line_of(node) in c.blamed
        change!(c, node, "collect($(text_of(arguments[1])))", "tuple of unknown length", "Tuple(x) → collect(x), a vector")
    end
end

# `f(; options...)` where `options` is a Dict of symbols: a named tuple has its names in its type.
function keyword_splatting(c, node)
    for group in parts(node)
        kind(group) == K"parameters" || continue
        for splat in parts(group)
            kind(splat) == K"..." && is_name(parts(splat)[1]) || continue
            definition = find_assignment(c.tree, parts(splat)[1].val)
            definition === nothing && continue
            value = parts(definition)[2]
            is_call(value) && startswith(text_of(parts(value)[1]), "Dict") || continue
            pairs = [parts(p) for p in positional(value)]
            symbols = all(p -> length(p) == 3 && kind(p[1]) == K"quote" && is_name(p[2], :(=>)), pairs)
            symbols && length(pairs) == length(parts(value)) - 1 && !isempty(pairs) || continue
            fields = join((string(lstrip(text_of(p[1]), ':'), " = ", text_of(p[3])) for p in pairs), ", ")
            change!(c, value, "(; $fields)", "keyword splatting", "Dict(:a => …) → (; a = …)")
        end
    end
end

function find_assignment(node, name)
    kind(node) == K"=" && is_name(parts(node)[1], name) && return node
    for part in parts(node)
        found = find_assignment(part, name)
        found === nothing || return found
    end
    return nothing
end

# Julia's `stdin` is a stream of unknown type, and its lines come through a function of unknown type. What
# is put before the outermost function reads the same file through a type that is known.
const READING = "const JULIA_AOT_STDIN = Ref{IOStream}(); julia_aot_stdin() = isassigned(JULIA_AOT_STDIN) ? " *
    "JULIA_AOT_STDIN[] : (JULIA_AOT_STDIN[] = Base.fdio(0)); julia_aot_lines() = (lines = String[]; " *
    "while !eof(julia_aot_stdin()); push!(lines, readline(julia_aot_stdin())); end; lines); "

function standard_input(c, node)
    called = parts(node)[1]
    is_name(called, :readline, :readlines, :eachline, :read, :eof) || return
    arguments = positional(node)
    length(arguments) == length(parts(node)) - 1 || return
    from_stdin = isempty(arguments) ? called.val !== :read : is_name(arguments[1], :stdin)
    from_stdin || return
    rest = join((", " * strip(text_of(a)) for a in arguments[2:end]))
    new = called.val in (:readlines, :eachline) ? "julia_aot_lines()" : "$(called.val)(julia_aot_stdin()$rest)"
    change!(c, node, " " * new, "reading stdin", "$(strip(text_of(node))) → $new")
    help!(c, node, READING, "JULIA_AOT_STDIN", "reading stdin")
end

# Put definitions, on one line, before the outermost expression around a node; `mark` is a name in them.
function help!(c, node, definitions, mark, rule)
    (occursin(mark, c.text) || any(e -> e.text == definitions, c.edits)) && return
    outermost = node
    while !(kind(outermost.parent) in (K"toplevel", K"doc")) &&
            !(kind(outermost.parent) == K"block" && kind(outermost.parent.parent) == K"module")
        outermost = outermost.parent
    end
    kind(outermost.parent) == K"doc" && (outermost = outermost.parent)
    insert!(c, outermost, first(byte_range(outermost)), definitions, rule, "")
end

# ---- variables, containers, fields

function assignment(c, node)
    target, value = parts(node)[1], parts(node)[2]
    is_name(target) || return
    name = target.val
    at_top(node) && top_level_variable(c, node, name)
    if kind(value) == K"vect" || kind(value) == K"ref" || is_call(value)
        container(c, value, name)
    end
    at_top(node) && return
    boxed = settled(known(c.facts.boxes, name, node))
    if boxed !== nothing && first_assignment(c, node, name)
        insert!(c, node, last(byte_range(target)) + 1, "::$(written(c.facts, boxed))", "captured variable",
            "$name, which a function inside changes, keeps the type $(written(c.facts, boxed))")
    end
end

function first_assignment(c, node, name)
    lines = function_lines(node)
    found = nothing
    function search(n)
        found === nothing || return
        kind(n) == K"=" && is_name(parts(n)[1], name) && line_of(n) in lines && (found = n)
        foreach(search, parts(n))
    end
    search(c.tree)
    return found === node
end

function top_level_variable(c, node, name)
    kind(node.parent) in (K"const", K"global") && return
    c.assigned[name] == 1 || return
    value = isdefined(c.facts.modules, name) ? Some(getglobal(c.facts.modules, name)) : nothing
    rule = "global variable"
    if !(name in c.globals)
        insert!(c, node, first(byte_range(node)), "const ", rule, "$name is never assigned again: const")
    elseif value !== nothing && isconcretetype(typeof(something(value)))
        T = written(c.facts, typeof(something(value)))
        insert!(c, node, last(byte_range(parts(node)[1])) + 1, "::$T", rule, "$name keeps the type $T")
    end
end

evaluated(c, node) =
    try
        Core.eval(c.facts.modules, Meta.parse(text_of(node)))
    catch
        nothing
    end

function container(c, value, name)
    rule = "untyped container"
    stored, keyed = known(c.facts.values, name, value.parent), known(c.facts.keys, name, value.parent)
    V, K = settled(stored), settled(keyed)
    if kind(value) == K"vect" && isempty(parts(value)) && V !== nothing
        change!(c, value, "$(written(c.facts, V))[]", rule, "[] → $(written(c.facts, V))[]")
    elseif kind(value) == K"ref" && length(parts(value)) == 1 && V !== nothing
        E = evaluated(c, parts(value)[1])
        E isa Type && !isconcretetype(E) || return
        change!(c, parts(value)[1], written(c.facts, V), rule, "$(text_of(value)) → $(written(c.facts, V))[]")
    elseif is_call(value) && length(parts(value)) == 1
        T = evaluated(c, parts(value)[1])
        T isa Type || return
        new = if T <: AbstractDict && V !== nothing && K !== nothing && !(T <: AbstractDict{<:K,<:V} && isconcretetype(V) && T isa DataType)
            "Dict{$(written(c.facts, K)), $(written(c.facts, V))}()"
        elseif T <: AbstractSet && V !== nothing && !(T <: AbstractSet{V})
            "Set{$(written(c.facts, V))}()"
        elseif T <: AbstractVector && V !== nothing && !(T <: AbstractVector{V})
            "$(written(c.facts, V))[]"
        else
            return
        end
        change!(c, value, new, rule, "$(text_of(value)) → $new")
    end
end

# `Real[1.5, 2.5]`: all of one type, or else a tuple, which knows the type of each.
function literal(c, node)
    above = node.parent
    kind(node) == K"ref" && kind(above) == K"=" && parts(above)[1] === node && return
    elements = parts(node)
    prefix = kind(node) == K"ref"
    if prefix
        E = evaluated(c, elements[1])
        E isa Type && !isconcretetype(E) || return
        elements = elements[2:end]
    end
    (isempty(elements) || any(e -> kind(e) in (K"...", K"parameters"), elements)) && return
    values = [evaluated(c, e) for e in elements]
    any(isnothing, values) && return
    types = unique(Core.Typeof.(values))
    if prefix && length(types) == 1
        return change!(c, parts(node)[1], written(c.facts, types[1]), "untyped container",
            "$(text_of(parts(node)[1]))[…] → $(written(c.facts, types[1]))[…], which prints without its type")
    end
    (prefix || all(v -> v isa Function, values)) && length(types) in 2:8 || return
    kind(above) == K"=" && is_name(parts(above)[1]) && parts(above)[1].val in c.grown && return
    inner = join(text_of.(elements), ", ")
    change!(c, node, length(elements) == 1 ? "($inner,)" : "($inner)", "mixed container",
        "$(text_of(node)) → a tuple, which knows the type of each")
end

function fields(c, node)
    header, body = parts(node)[1], parts(node)[2]
    any(p -> kind(p) in (K"function", K"=") && !is_field(p), parts(body)) && return
    kind(header) == K"<:" && (header = parts(header)[1])
    name_node = kind(header) == K"curly" ? parts(header)[1] : header
    is_name(name_node) || return
    taken = kind(header) == K"curly" ? text_of.(parts(header)[2:end]) : String[]
    added = String[]
    for part in parts(body)
        field = kind(part) == K"const" ? parts(part)[1] : part
        kind(field) == K"=" && (field = parts(field)[1])
        typed = kind(field) == K"::"
        (typed || is_name(field)) || continue
        T = typed ? evaluated(c, parts(field)[2]) : Any
        T isa Type && loose(T) || continue
        parameter = "T$(length(added) + 1)"
        any(t -> startswith(t, parameter), taken) && (parameter = "S$(length(added) + 1)")
        push!(added, T === Any ? parameter : "$parameter<:$(text_of(parts(field)[2]))")
        typed ? change!(c, parts(field)[2], parameter, "abstract field", "") :
            insert!(c, field, last(byte_range(field)) + 1, "::$parameter", "abstract field", "")
    end
    isempty(added) && return
    note = "fields of $(text_of(name_node)) keep their concrete types: $(join(added, ", "))"
    if kind(header) == K"curly"
        insert!(c, header, last(byte_range(header)), ", $(join(added, ", "))", "abstract field", note)
    else
        insert!(c, header, last(byte_range(name_node)) + 1, "{$(join(added, ", "))}", "abstract field", note)
    end
    subtypes_of(c, c.tree, name_node.val)
end

is_field(part) = kind(part) == K"=" && (kind(parts(part)[1]) == K"::" || is_name(parts(part)[1]))

loose(T) = !isconcretetype(T) && !(T isa Union && length(Base.uniontypes(T)) <= 3 && all(isconcretetype, Base.uniontypes(T)))

# The type has parameters now: `Vector{Point}` in a signature means a vector of any such points.
function subtypes_of(c, node, name)
    if kind(node) == K"curly" && node.parent !== nothing && kind(node.parent) == K"::"
        for part in parts(node)[2:end]
            is_name(part, name) && change!(c, part, "<:$name", "abstract field", "")
        end
    end
    foreach(n -> subtypes_of(c, n, name), parts(node))
end
