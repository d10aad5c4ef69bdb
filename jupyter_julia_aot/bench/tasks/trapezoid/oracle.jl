@test trapezoid(x -> x, 0, 1, 4) ≈ 0.5
@test trapezoid(x -> 3.0, -1, 2, 1) ≈ 9.0
@test trapezoid(x -> x^2, 0, 2, 2) ≈ 3.0
@test trapezoid(sin, 0, pi, 1000) ≈ 2.0 atol = 1e-5
@test trapezoid(x -> x, 2, 1, 3) ≈ -1.5
