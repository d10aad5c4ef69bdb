# Runs in the process that writes the object file: ARGS are the module's name and the entry's.
# Nothing is initialised there unless asked for.
Sys.__init__()
Base.reinit_stdio()
Base.init_depot_path()
Base.init_load_path()

const julia_aot_module = Symbol(ARGS[1])
const julia_aot_entry = Symbol(ARGS[2])

Core.eval(Main, :(import $julia_aot_module))

if julia_aot_entry !== Symbol("-")
    @eval function julia_aot_start(args::Vector{String})::Cint
        append!(empty!(Base.ARGS), args)
        try
            value = $(julia_aot_module).$(julia_aot_entry)(args)
            flush(stdout)
            return value isa Integer ? Cint(value) : Cint(0)
        catch error
            flush(stdout)
            Base.invokelatest(Base.display_error, stderr, error, catch_backtrace())
            return Cint(1)
        end
    end
    precompile(julia_aot_start, (Vector{String},))
    precompile(getfield(getfield(Main, julia_aot_module), julia_aot_entry), (Vector{String},))
end

# The program finds its own arguments and load path when it starts.
empty!(ARGS)
empty!(Core.ARGS)
empty!(LOAD_PATH)
empty!(DEPOT_PATH)
