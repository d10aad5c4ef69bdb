# Runs in the process that writes the object file: ARGS are the module's name and the entry's.
# Nothing is initialised there unless asked for.
Sys.__init__()
Base.reinit_stdio()
Base.init_depot_path()
Base.init_load_path()

const julia_aot_module = Symbol(ARGS[1])
const julia_aot_name = Symbol(ARGS[2])

Core.eval(Main, :(import $julia_aot_module))

if julia_aot_name !== Symbol("-")
    Core.eval(Main, :(const julia_aot_entry = $(julia_aot_module).$(julia_aot_name)))
    Base.include(Main, joinpath(@__DIR__, "start.jl"))
end

# The program finds its own arguments and load path when it starts.
empty!(ARGS)
empty!(Core.ARGS)
empty!(LOAD_PATH)
empty!(DEPOT_PATH)
