c = make_counter()
@test [c(), c(), c()] == [0, 1, 2]
d = make_counter(10, -2)
@test [d(), d()] == [10, 8]
@test c() == 3
@test make_counter(5)() == 5
