@test topological_order(Dict("a" => String[], "b" => ["a"], "c" => ["b"])) == ["a", "b", "c"]
@test topological_order(Dict(3 => [1], 2 => [1], 1 => Int[])) == [1, 2, 3]
@test topological_order(Dict(1 => [2], 2 => [1])) === nothing
@test topological_order(Dict(1 => [1])) === nothing
@test topological_order(Dict{Int,Vector{Int}}()) == []
@test topological_order(Dict(1 => [4], 4 => Int[], 2 => Int[])) == [2, 4, 1]
