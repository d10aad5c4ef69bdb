@test mean_of([1, 2, 3]) ≈ 2.0
@test mean_of([2.5]) ≈ 2.5
@test mean_of(1:4) ≈ 2.5
@test mean_of((1, 2)) ≈ 1.5
@test_throws ArgumentError mean_of(Int[])
