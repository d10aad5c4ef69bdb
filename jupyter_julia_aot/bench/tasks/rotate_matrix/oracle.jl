@test rotate_matrix([1 2; 3 4]) == [3 1; 4 2]
@test rotate_matrix([1 2 3]) == reshape([1, 2, 3], 3, 1)
@test rotate_matrix([1 2 3; 4 5 6]) == [4 1; 5 2; 6 3]
@test size(rotate_matrix(zeros(2, 5))) == (5, 2)
