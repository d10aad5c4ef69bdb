# Data that would silently stay on the CPU is an error.
#
# `AMDGPUDevice()` always constructs, and `x |> AMDGPUDevice()` is `x` itself where AMDGPU.jl is not loaded
# (MLDataDevices 1.17). This holds from the moment on that MLDataDevices is loaded, in whichever cell.

module LoudDevices

struct StayedOnTheCpu <: Exception
    why::String
end
Base.showerror(io::IO, e::StayedOnTheCpu) = print(io, "the data would stay on the CPU: ", e.why)

"The package of that name, nothing before it is loaded."
function loaded(name)
    for (id, package) in Base.loaded_modules
        id.name == name && return package
    end
    return nothing
end

function why_not(devices, gpu)
    gpu === nothing && return "AMDGPU.jl is not loaded (`using AMDGPU`, or %%julia --device amdgpu)"
    gpu.functional() || return "AMDGPU.functional() is false: a ROCm library is missing"
    gpu.has_rocm_gpu() || return "AMDGPU.has_rocm_gpu() is false: no ROCm GPU is visible"
    devices.functional(devices.AMDGPUDevice) || return "MLDataDevices.functional(AMDGPUDevice) is false"
    return ""
end

function move(device, x)
    gpu = loaded("AMDGPU")
    why = Base.invokelatest(why_not, loaded("MLDataDevices"), gpu)
    isempty(why) || throw(StayedOnTheCpu(why))
    # The method that MLDataDevices has for everything.
    moved = invoke(device, Tuple{Any}, x)
    x isa Array{<:Number} && !(moved isa gpu.ROCArray) &&
        throw(StayedOnTheCpu("x |> AMDGPUDevice() gave a $(typeof(moved))"))
    return moved
end

# Other things than these are taken apart by MLDataDevices, which fails by itself once AMDGPU.jl is loaded.
guard(devices) = @eval (device::$(devices.AMDGPUDevice))(x::Union{AbstractArray,Tuple,NamedTuple}) = move(device, x)

guard_when_loaded(package) = package.name == "MLDataDevices" && (guard(loaded("MLDataDevices")); nothing)

function __init__()
    push!(Base.package_callbacks, guard_when_loaded)
    loaded("MLDataDevices") === nothing || guard(loaded("MLDataDevices"))
    return
end

end
