# Stands in for AMDGPU.jl on a machine without an AMD GPU: it loads, and says so.

module AMDGPU

struct ROCArray{T,N}
    data::Array{T,N}
end
functional() = false
has_rocm_gpu() = false
device() = error("no ROCm device")

end
