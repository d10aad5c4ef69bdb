@test moving_average([1, 2, 3, 4], 2) ≈ [1.5, 2.5, 3.5]
@test moving_average([1, 2, 3, 4], 1) ≈ [1, 2, 3, 4]
@test moving_average([2, 4, 9], 3) ≈ [5.0]
@test moving_average([1.0, 2.0], 3) == Float64[]
@test moving_average([1, 2], 2) isa Vector{Float64}
@test_throws ArgumentError moving_average([1, 2], 0)
