# Rules for dictionaries that are only looked up: what is in them is written there, so its types can be known.

# A key that is written out: its text, else nothing.
function literal_key(node)
    kind(node) == K"string" && length(parts(node)) == 1 && kind(parts(node)[1]) == K"String" && return text_of(node)
    kind(node) in (K"Integer", K"char", K"Char") && return text_of(node)
    kind(node) == K"quote" && length(parts(node)) == 1 && is_name(parts(node)[1]) && return text_of(node)
    return nothing
end

# The keys (texts) and values (nodes) of a `Dict(k => v, …)` whose keys are all written out, else nothing.
function literal_pairs(value)
    is_call(value) && occursin(r"^(Base\.)?Dict\b", text_of(parts(value)[1])) || return nothing
    arguments = positional(value)
    (isempty(arguments) || length(arguments) != length(parts(value)) - 1) && return nothing
    found = Tuple{String,SyntaxNode}[]
    for argument in arguments
        pair = parts(argument)
        length(pair) == 3 && is_name(pair[2], :(=>)) || return nothing
        key = literal_key(pair[1])
        key === nothing && return nothing
        push!(found, (key, pair[3]))
    end
    return allunique(first.(found)) ? found : nothing
end

function uses!(found, node, name)
    is_name(node, name) && push!(found, node)
    foreach(n -> uses!(found, n, name), parts(node))
    return found
end

# What a variable is visible in: the outermost function around its definition, or the file.
function scope(c, node)
    at_top(node) && return c.tree
    above = node
    while !(kind(above) == K"function" || (kind(above) == K"=" && at_top(above)))
        above.parent === nothing && return c.tree
        above = above.parent
    end
    return above
end

# Last of all: its edits belong together, so they wait for another pass when one of them touches another edit.
function value_tables(c, node)
    kind(node) == K"=" && value_table(c, node)
    foreach(n -> value_tables(c, n), parts(node))
end

# `config = Dict{String,Any}("size" => 3, …)`, of which only `config["size"]` is asked: a named tuple.
function value_table(c, node)
    target, value = parts(node)[1], parts(node)[2]
    is_name(target) && !(target.val in c.grown) || return
    pairs = literal_pairs(value)
    pairs === nothing && return
    names = Dict(key => strip(key, '"') for (key, _) in pairs)
    all(n -> Base.isidentifier(n), values(names)) && all(startswith('"'), keys(names)) || return
    at_top(node) && length(ARGS) > 3 && return           # another file may use it, too
    asked = SyntaxNode[]
    for use in uses!(SyntaxNode[], scope(c, node), target.val)
        use === target && continue
        above = use.parent
        kind(above) == K"ref" && length(parts(above)) == 2 && parts(above)[1] === use || return
        haskey(names, something(literal_key(parts(above)[2]), "")) || return
        push!(asked, above)
    end
    lines = Set(line_of(n) for n in [asked; node])
    isdisjoint(lines, c.blamed) && return
    any(e -> any(n -> !isempty(intersect(e.range, byte_range(n))), [asked; value]), c.edits) && return
    fields = join(("$(names[key]) = $(strip(text_of(part)))" for (key, part) in pairs), ", ")
    change!(c, value, "(; $fields)", "mixed container", "$(target.val), which is only looked up: a named tuple")
    for use in asked
        change!(c, use, "$(target.val).$(names[literal_key(parts(use)[2])])", "mixed container", "")
    end
end

# `OPERATIONS[name](x)` with `OPERATIONS = Dict("add" => +, …)`: a choice between the functions that are there.
function function_table(c, node)
    looked_up = parts(node)[1]
    kind(looked_up) == K"ref" && length(parts(looked_up)) == 2 && is_name(parts(looked_up)[1]) || return
    line_of(node) in c.blamed && one_line(node) || return
    name = parts(looked_up)[1].val
    name in c.grown && return
    definition = find_assignment(c.tree, name)
    definition === nothing && return
    targets = [u for u in uses!(SyntaxNode[], c.tree, name) if kind(u.parent) == K"=" && parts(u.parent)[1] === u]
    length(targets) == 1 || return                       # it may be another table by then
    pairs = literal_pairs(parts(definition)[2])
    (pairs === nothing || length(pairs) > 50 || !all(p -> one_line(p[2]), pairs)) && return
    key, call = strip(text_of(parts(looked_up)[2])), text_of(node)[(ncodeunits(text_of(looked_up)) + 1):end]
    choices = join(("julia_aot_key == $k ? ($(strip(text_of(f))))$call : " for (k, f) in pairs))
    change!(c, node, "(let julia_aot_key = $key; $(choices)throw(KeyError(julia_aot_key)) end)",
        "function chosen at run time", "$(text_of(looked_up))(…) → a choice between $(length(pairs)) functions")
end
