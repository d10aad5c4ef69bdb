g = Dict(1 => [2, 3], 2 => [4], 3 => [5], 4 => [6], 5 => [6], 6 => [1], 7 => Int[])
@test shortest_path(g, 1, 1) == 0
@test shortest_path(g, 1, 2) == 1
@test shortest_path(g, 1, 6) == 3
@test shortest_path(g, 6, 5) == 3
@test shortest_path(g, 1, 7) == -1
@test shortest_path(g, 7, 1) == -1
@test shortest_path(Dict("a" => ["a"]), "a", "a") == 0
