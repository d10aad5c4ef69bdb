# Does Reactant work with a backend? Run in a process of its own: a missing kernel may end it.

include("steps.jl")
const BACKEND = ARGS[1]

step("load") do
    include(joinpath(@__DIR__, "..", "reactant", "calls.jl"))
    Base.invokelatest(() -> Main.ReactantCalls.version())
end
step("backend") do
    why = Main.ReactantCalls.choose_backend(BACKEND)
    isempty(why) || error(why)
    fact("built for GPU", Main.ReactantCalls.build())
    fact("platform", Main.ReactantCalls.platform())
    fact("devices", join(Main.ReactantCalls.devices(), ", "))
end

const X = Float32[i / 7 for i in 1:256]
const A = Float32[sin(i + 2j) for i in 1:64, j in 1:48]
const B = Float32[cos(2i - j) for i in 1:48, j in 1:32]
wave(x) = sin.(x) .* 2f0 .+ 1f0
product(a, b) = a * b

"The largest error of a function on the device."
function check(f, args...)
    calls = Main.ReactantCalls
    on_device = map(calls.to_device, args)
    found = calls.to_host(calls.compile(f, on_device)(on_device...))
    close_to(found, f(args...)) || error("the device computes something else than Julia")
    return
end

step("transfer") do
    Main.ReactantCalls.to_host(Main.ReactantCalls.to_device(X)) == X || error("data changed on its way")
    nothing
end
step(() -> check(wave, X), "elementwise")
step(() -> check(product, A, B), "gemm")
