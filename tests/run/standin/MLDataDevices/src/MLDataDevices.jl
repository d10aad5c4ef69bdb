# Stands in for MLDataDevices 1.17: its devices always construct, one method moves everything, and where the package of
# a device is not loaded an array moves nowhere, silently.

module MLDataDevices

export AMDGPUDevice, CPUDevice, supported_gpu_backends

abstract type AbstractDevice <: Function end
struct AMDGPUDevice{D,T} <: AbstractDevice
    device::D
end
AMDGPUDevice() = AMDGPUDevice{Nothing,Missing}(nothing)
struct CPUDevice{T} <: AbstractDevice end
CPUDevice() = CPUDevice{Missing}()

functional(x) = false
loaded(x) = false
supported_gpu_backends() = ("CUDA", "AMDGPU", "Metal", "oneAPI", "OpenCL")
(D::AbstractDevice)(x) = x isa Union{Tuple,NamedTuple} ? map(D, x) : adapt_storage(D, x)
adapt_storage(::AbstractDevice, x) = x

end
