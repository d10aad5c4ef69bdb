@test prefix_sums([1, 2, 3]) == [1, 3, 6]
@test prefix_sums([-1, 1, -1]) == [-1, 0, -1]
@test prefix_sums(Int[]) == Int[]
@test prefix_sums([0.5, 0.25]) ≈ [0.5, 0.75]
@test (v = [1, 2, 3]; prefix_sums(v); v == [1, 2, 3])
