@test rotate_left!([1, 2, 3, 4], 1) == [2, 3, 4, 1]
@test rotate_left!([1, 2, 3], 0) == [1, 2, 3]
@test rotate_left!([1, 2, 3], 4) == [2, 3, 1]
@test rotate_left!([1, 2, 3], -1) == [3, 1, 2]
@test rotate_left!(Int[], 3) == Int[]
@test (v = [1, 2, 3]; rotate_left!(v, 1) === v && v == [2, 3, 1])
