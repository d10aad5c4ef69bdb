@test binary_search([1, 3, 5, 7], 5) == 3
@test binary_search([1, 3, 5, 7], 1) == 1
@test binary_search([1, 3, 5, 7], 7) == 4
@test binary_search([1, 3, 5, 7], 4) == 0
@test binary_search(Int[], 1) == 0
@test binary_search([2, 2, 2], 2) == 1
@test binary_search(["a", "b", "d"], "c") == 0
@test binary_search(1:10^12, 10^12) == 10^12
