@test merge_sorted([1, 3], [2, 4]) == [1, 2, 3, 4]
@test merge_sorted(Int[], [1]) == [1]
@test merge_sorted([1, 1], [1]) == [1, 1, 1]
@test merge_sorted([5, 6], [1, 2]) == [1, 2, 5, 6]
@test merge_sorted([1], [0.5]) == [0.5, 1.0]
@test (a = [1, 2]; b = [0, 3]; merge_sorted(a, b); a == [1, 2] && b == [0, 3])
