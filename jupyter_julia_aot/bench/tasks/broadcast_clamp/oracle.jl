@test scale_clamp([1, 2, 3], 2, 3, 5) == [3, 4, 5]
@test scale_clamp([1.0 -1.0; 0.5 2.0], 10, -5, 5) == [5.0 -5.0; 5.0 5.0]
@test scale_clamp([4, 5], -1, -4.5, 0) == [-4, -4.5]
@test (v = [1, 2]; scale_clamp(v, 3, 0, 9); v == [1, 2])
@test size(scale_clamp(ones(2, 3, 4), 1, 0, 1)) == (2, 3, 4)
