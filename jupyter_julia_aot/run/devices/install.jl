# Adds packages, given as NAME=UUID, to the active project. Progress lines begin with "julia-aot" and a tab.

import Pkg

say(text) = (println("julia-aot\t", text); flush(stdout))

let pairs = [split(argument, '='; limit = 2) for argument in ARGS]
    specs = [Pkg.PackageSpec(name = String(name), uuid = Base.UUID(String(uuid))) for (name, uuid) in pairs]
    say("resolving and downloading")
    Pkg.add(specs)
    say("precompiling (minutes)")
    Pkg.precompile()
    say("done")
end
