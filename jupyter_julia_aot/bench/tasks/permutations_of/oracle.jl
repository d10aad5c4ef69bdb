@test permutations_of([1, 2, 3]) == [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]
@test permutations_of(['b', 'a']) == [['b', 'a'], ['a', 'b']]
@test permutations_of(Int[]) == [Int[]]
@test length(permutations_of(collect(1:6))) == 720
@test allunique(permutations_of(collect(1:5)))
