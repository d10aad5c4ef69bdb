# Stands in for AMDGPU.jl 2.8 on a machine without an AMD GPU: it loads, and says so. With JULIA_AOT_STANDIN_GPU it has
# one, whose arrays are the host's. It holds what MLDataDevices has as an extension for it, too.

module AMDGPU

using MLDataDevices: MLDataDevices, AMDGPUDevice

struct ROCArray{T,N} <: AbstractArray{T,N}
    data::Array{T,N}
end
Base.size(x::ROCArray) = size(x.data)
Base.getindex(x::ROCArray, i::Int...) = x.data[i...]
Base.Array(x::ROCArray) = copy(x.data)
Base.BroadcastStyle(::Type{<:ROCArray}) = Broadcast.ArrayStyle{ROCArray}()
Base.similar(b::Broadcast.Broadcasted{Broadcast.ArrayStyle{ROCArray}}, ::Type{T}) where {T} = ROCArray(similar(Array{T}, axes(b)))
Base.setindex!(x::ROCArray, v, i::Int...) = (x.data[i...] = v)
Base.:*(a::ROCArray, b::ROCArray) = ROCArray(a.data * b.data)

struct HIPDevice
    device_id::Int
    gcn_arch::String
end
functional() = haskey(ENV, "JULIA_AOT_STANDIN_GPU")
has_rocm_gpu() = functional()
device() = functional() ? HIPDevice(1, ENV["JULIA_AOT_STANDIN_GPU"]) : error("no ROCm device")

MLDataDevices.loaded(::Union{AMDGPUDevice,<:Type{AMDGPUDevice}}) = true
MLDataDevices.functional(::Union{AMDGPUDevice,<:Type{AMDGPUDevice}}) = functional()
function MLDataDevices.adapt_storage(::AMDGPUDevice, x::AbstractArray)
    device()
    # `roc` narrows Float64.
    return ROCArray(eltype(x) === Float64 ? Array{Float32}(x) : Array(x))
end

end
