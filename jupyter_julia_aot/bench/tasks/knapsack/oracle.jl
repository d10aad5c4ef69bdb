@test knapsack([1, 3, 4], [15, 20, 30], 4) == 35
@test knapsack([5], [10], 4) == 0
@test knapsack(Int[], Int[], 10) == 0
@test knapsack([2, 2, 2], [1, 5, 3], 4) == 8
@test knapsack([10, 20, 30], [60, 100, 120], 50) == 220
@test knapsack([1], [7], 3) == 7
