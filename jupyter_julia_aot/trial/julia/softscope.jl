# What the REPL does to a line: an assignment in a loop at top level means the global variable.

function soft(ex)
    ex isa Expr || return ex
    ex.head === :toplevel && return Expr(:toplevel, Any[soft(a) for a in ex.args]...)
    ex.head in (:meta, :import, :using, :export, :public, :module, :error, :incomplete, :global, :const) && return ex
    return Expr(:block, Expr(:softscope, true), ex)
end
