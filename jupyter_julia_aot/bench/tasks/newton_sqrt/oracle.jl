@test newton_sqrt(0) == 0.0
@test newton_sqrt(1) ≈ 1.0 rtol = 1e-12
@test newton_sqrt(2) ≈ 1.4142135623730951 rtol = 1e-12
@test newton_sqrt(1e-10) ≈ 1e-5 rtol = 1e-11
@test newton_sqrt(12345678) ≈ 3513.641700572214 rtol = 1e-12
@test newton_sqrt(4) isa Float64
@test_throws DomainError newton_sqrt(-1)
