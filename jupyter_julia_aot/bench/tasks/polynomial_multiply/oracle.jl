@test polynomial_multiply([1, 1], [1, 1]) == [1, 2, 1]
@test polynomial_multiply([1, -1], [1, 1]) == [1, 0, -1]
@test polynomial_multiply([2], [3, 4]) == [6, 8]
@test isempty(polynomial_multiply(Int[], [1, 2]))
@test polynomial_multiply([0.5, 1.0], [2.0]) ≈ [1.0, 2.0]
@test length(polynomial_multiply(ones(Int, 3), ones(Int, 4))) == 6
