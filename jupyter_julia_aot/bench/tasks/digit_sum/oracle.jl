@test digit_sum(0) == 0
@test digit_sum(7) == 7
@test digit_sum(1234) == 10
@test digit_sum(-905) == 14
@test digit_sum(10^15) == 1
