@test longest_increasing([10, 9, 2, 5, 3, 7, 101, 18]) == 4
@test longest_increasing([1, 1, 1]) == 1
@test longest_increasing(Int[]) == 0
@test longest_increasing([5, 4, 3]) == 1
@test longest_increasing(collect(1:50)) == 50
@test longest_increasing([3, 1, 2, 1, 8, 5, 6]) == 4
