# For cells with AMDGPU.jl: data that would silently stay on the CPU is an error.
#
# `AMDGPUDevice()` always constructs, and `x |> AMDGPUDevice()` is `x` itself where AMDGPU.jl is not loaded or finds
# no GPU (MLDataDevices 1.17).

using AMDGPU, MLDataDevices

module LoudDevices

import ..MLDataDevices, ..AMDGPU
using ..MLDataDevices: AMDGPUDevice

struct StayedOnTheCpu <: Exception
    why::String
end
Base.showerror(io::IO, e::StayedOnTheCpu) = print(io, "the data would stay on the CPU: ", e.why)

function why_not()
    MLDataDevices.loaded(AMDGPUDevice) || return "AMDGPU.jl is not loaded"
    AMDGPU.functional() || return "AMDGPU.functional() is false: a ROCm library is missing"
    AMDGPU.has_rocm_gpu() || return "AMDGPU.has_rocm_gpu() is false: no ROCm GPU is visible"
    MLDataDevices.functional(AMDGPUDevice) || return "MLDataDevices.functional(AMDGPUDevice) is false"
    return ""
end

# More specific than the method of MLDataDevices, which it then calls.
function (device::AMDGPUDevice)(x::Array)
    why = why_not()
    isempty(why) || throw(StayedOnTheCpu(why))
    moved = invoke(device, Tuple{AbstractArray}, x)
    moved isa AMDGPU.ROCArray || throw(StayedOnTheCpu("x |> AMDGPUDevice() gave a $(typeof(moved))"))
    return moved
end

end
