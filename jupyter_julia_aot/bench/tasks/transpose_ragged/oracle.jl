@test transpose_ragged([[1, 2, 3], [4], [5, 6]]) == [[1, 4, 5], [2, 6], [3]]
@test transpose_ragged([[1], [2]]) == [[1, 2]]
@test isempty(transpose_ragged(Vector{Int}[]))
@test transpose_ragged([Int[], [7, 8]]) == [[7], [8]]
