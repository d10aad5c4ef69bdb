# Start the trial worker, or with the argument `spare` a process for one trial of a worker that cannot fork.
# It lives beside `Main`, not in it, and not even a name is used in `Main`: a name that is used there could no longer
# be given to something else, and a candidate must find `Main` as in a fresh Julia.

Core.eval(Core.Module(:JuliaAotStart), quote
    try
        key = Base.PkgId("JuliaAotTrialWorker")
        # In the image already (image.jl), or loaded now. A module of `__toplevel__` has no name there: it is the
        # value of its definition, the last of the file.
        worker = haskey(Base.loaded_modules, key) ? Base.loaded_modules[key] :
                 Base.include(Base.__toplevel__, joinpath(@__DIR__, "worker.jl"))
        Base.invokelatest(Base.invokelatest(getfield, worker, Base.ARGS == ["spare"] ? :spare : :main))
    catch fault
        # Plain writes: Julia's own stderr may wait for an event loop that a signal or a fork has hurt.
        text = sprint(showerror, fault, catch_backtrace())
        ccall(:write, Cssize_t, (Cint, Cstring, Csize_t), 2, text, sizeof(text))
        ccall(:_exit, Cvoid, (Cint,), 1)
    end
end)
