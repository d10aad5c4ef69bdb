# Loaded before the first cell of `%%julia --device amdgpu`.

include("loud.jl")
using AMDGPU, MLDataDevices
