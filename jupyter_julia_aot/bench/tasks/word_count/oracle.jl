@test word_count("a b a") == Dict("a" => 2, "b" => 1)
@test word_count("The the THE") == Dict("the" => 3)
@test word_count("  x\ty\nx ") == Dict("x" => 2, "y" => 1)
@test word_count("") == Dict{String,Int}()
@test word_count("one") isa Dict{String,Int}
