@test spiral([1 2 3; 4 5 6; 7 8 9]) == [1, 2, 3, 6, 9, 8, 7, 4, 5]
@test spiral([1 2; 3 4]) == [1, 2, 4, 3]
@test spiral([1 2 3]) == [1, 2, 3]
@test spiral(reshape([1, 2, 3], 3, 1)) == [1, 2, 3]
@test spiral([1 2 3 4; 5 6 7 8; 9 10 11 12]) == [1, 2, 3, 4, 8, 12, 11, 10, 9, 5, 6, 7]
@test isempty(spiral(zeros(Int, 0, 0)))
