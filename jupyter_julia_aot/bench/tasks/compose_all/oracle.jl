@test compose_all(x -> x + 1, x -> 2x)(3) == 8
@test compose_all(sqrt)(9) == 3.0
@test compose_all()(42) == 42
@test compose_all(string, length, isodd)(12345) == true
@test compose_all(uppercase, reverse)("abc") == "CBA"
