# Stands in for MLDataDevices 1.17: its devices always construct, and where the package of one is missing or finds no
# GPU, moving an array to it silently gives that array.

module MLDataDevices

export AMDGPUDevice, CPUDevice, supported_gpu_backends

abstract type AbstractDevice <: Function end
struct AMDGPUDevice <: AbstractDevice end
struct CPUDevice <: AbstractDevice end

supported_gpu_backends() = ("CUDA", "AMDGPU", "Metal", "oneAPI", "OpenCL")
loaded(::Union{AMDGPUDevice,Type{<:AMDGPUDevice}}) = any(id -> id.name == "AMDGPU", keys(Base.loaded_modules))
functional(::Union{AMDGPUDevice,Type{<:AMDGPUDevice}}) = false
(::AMDGPUDevice)(x::AbstractArray) = x
(::CPUDevice)(x::AbstractArray) = x

end
