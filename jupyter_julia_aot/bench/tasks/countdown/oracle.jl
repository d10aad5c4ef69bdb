@test collect(Countdown(3)) == [3, 2, 1]
@test collect(Countdown(3)) isa Vector{Int}
@test isempty(collect(Countdown(0)))
@test isempty(collect(Countdown(-2)))
@test length(Countdown(5)) == 5
@test length(Countdown(-5)) == 0
@test sum(Countdown(4)) == 10
@test [2x for x in Countdown(2)] == [4, 2]
