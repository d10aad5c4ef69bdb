# Start a session. Like the trial worker it lives beside `Main`, which is the user's: not even a name is used there.

Core.eval(Core.Module(:JuliaAotStart), quote
    key = Base.PkgId("JuliaAotSessionWorker")
    session = haskey(Base.loaded_modules, key) ? Base.loaded_modules[key] :
              Base.include(Base.__toplevel__, joinpath(@__DIR__, "session.jl"))
    Base.invokelatest(Base.invokelatest(getfield, session, :main))
end)
