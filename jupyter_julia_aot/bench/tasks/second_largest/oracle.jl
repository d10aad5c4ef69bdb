@test second_largest([1, 2, 3]) == 2
@test second_largest([3, 3, 1]) == 1
@test second_largest([5, 5]) === nothing
@test second_largest(Int[]) === nothing
@test second_largest([-1, -2]) == -2
@test second_largest([2.5, 9.0, 9.0, 7.5]) == 7.5
