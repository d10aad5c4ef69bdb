@test flatten([1, [2, (3, "ab")]]) == [1, 2, 3, "ab"]
@test flatten([]) == []
@test flatten([[], [[]]]) == []
@test flatten((1, 2)) == [1, 2]
@test flatten([[1, 2], [3, [4, [5]]]]) == 1:5
@test flatten(7) == [7]
