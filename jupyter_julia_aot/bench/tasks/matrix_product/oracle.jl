@test matrix_product([1 2; 3 4], [5 6; 7 8]) == [19 22; 43 50]
@test matrix_product([1 2 3], reshape([4, 5, 6], 3, 1)) == reshape([32], 1, 1)
@test matrix_product([1.0 0.0; 0.0 1.0], [2.5 1.0; 0.0 3.0]) ≈ [2.5 1.0; 0.0 3.0]
@test size(matrix_product(zeros(2, 3), zeros(3, 4))) == (2, 4)
@test_throws DimensionMismatch matrix_product(zeros(2, 3), zeros(2, 3))
