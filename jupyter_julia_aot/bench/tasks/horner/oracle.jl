@test horner([1, 2, 3], 2) == 17
@test horner([5], 100) == 5
@test horner([0, 0, 1], -3) == 9
@test horner(Int[], 4) == 0
@test horner([1.5, -2.0], 0.5) ≈ 0.5
@test horner([1, 1], 1 // 3) == 4 // 3
