# Makes the worker image: run as `julia --output-o OBJECT image.jl` by ../image.py, which links the object.
# The image is Julia's own with the worker and the session in it, loaded and compiled.

# In a module of its own: a name that is used in `Main` could no longer be given to something else there, and every
# candidate and every notebook must find `Main` as in a fresh Julia.
Core.eval(Core.Module(:JuliaAotImage), quote
    # Nothing is initialised in such a process unless asked for.
    Sys.__init__()
    Base.reinit_stdio()
    Base.init_depot_path()
    Base.init_load_path()

    let worker = Base.include(Base.__toplevel__, joinpath(@__DIR__, "worker.jl")),
        session = Base.include(Base.__toplevel__, joinpath(@__DIR__, "session.jl"))

        Core.eval(worker, :(Warm.prepare!()))
        Core.eval(worker, :(precompile(main, ())))
        Core.eval(worker, :(precompile(spare, ())))
        Core.eval(worker, :(precompile(Warm.up_without_forks, ())))
        Core.eval(worker, :(precompile(Warm.up, (Child.Settings, Bool))))
        Core.eval(worker, :(precompile(Child.Settings, (Dict{String,Any},))))
        Base.include(session, joinpath(@__DIR__, "session_rehearsal.jl"))
    end

    # The worker finds its own arguments and load path when it starts.
    empty!(Base.ARGS)
    empty!(Core.ARGS)
    empty!(Base.LOAD_PATH)
    empty!(Base.DEPOT_PATH)
end)
