# Does AMDGPU.jl work, and does data really go to the device? Run in a process of its own.

include("steps.jl")

step("load") do
    @eval using AMDGPU, MLDataDevices
    # Julia 1.12 sees the new name only from a later world.
    Base.invokelatest(() -> isdefined(Base, :pkgversion) ? string(Base.pkgversion(Main.AMDGPU)) : "unknown")
end
step("backend") do
    # Five names since MLDataDevices 1.16, whatever the machine has.
    names = Base.invokelatest(Main.MLDataDevices.supported_gpu_backends)
    fact("supported_gpu_backends", join(names, ", "))
    "AMDGPU" in names || error("MLDataDevices does not know AMDGPU")
    nothing
end
step("functional") do
    M = Main.MLDataDevices
    loaded, functional = M.loaded(M.AMDGPUDevice), M.functional(M.AMDGPUDevice)
    fact("MLDataDevices", "loaded = $loaded, functional = $functional")
    Main.AMDGPU.functional() || error("AMDGPU.functional() is false: a ROCm library is missing")
    Main.AMDGPU.has_rocm_gpu() || error("AMDGPU.has_rocm_gpu() is false: no ROCm GPU is visible")
    loaded && functional || error("MLDataDevices would leave data on the CPU")
    nothing
end
step("architecture") do
    string(Main.AMDGPU.device().gcn_arch)
end

const X = Float32[i / 7 for i in 1:256]
const A = Float32[sin(i + 2j) for i in 1:64, j in 1:48]
const B = Float32[cos(2i - j) for i in 1:48, j in 1:32]
device() = Main.MLDataDevices.AMDGPUDevice()
on_device(x) = (y = device()(x); y isa Main.AMDGPU.ROCArray ? y : error("x |> gdev is a $(typeof(y)): it stayed on the CPU"))
checked(holds, what) = holds ? nothing : error(what)

step(() -> checked(Array(on_device(X)) ≈ X, "data changed on its way"), "transfer")
step(() -> checked(close_to(Array(sin.(on_device(X)) .* 2f0), sin.(X) .* 2f0), "wrong result"), "elementwise")
step(() -> checked(close_to(Array(on_device(A) * on_device(B)), A * B), "wrong result"), "gemm")
