s = Stack{Int}()
@test isempty(s)
@test push!(s, 1) === s
push!(s, 2)
@test length(s) == 2
@test pop!(s) == 2
@test pop!(s) == 1
@test isempty(s) && length(s) == 0
@test_throws ArgumentError pop!(s)
@test_throws Exception push!(s, "text")
@test push!(Stack{String}(), "a") isa Stack{String}
