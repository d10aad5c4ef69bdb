@test sum_of_squares(0) == 0
@test sum_of_squares(1) == 1
@test sum_of_squares(3) == 14
@test sum_of_squares(10) == 385
@test sum_of_squares(-4) == 0
