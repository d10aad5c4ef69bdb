@test compound_interest(100, 0.05, 0) == 100.0
@test compound_interest(100, 0.05, 1) == 105.0
@test compound_interest(100, 0.05, 2) == 110.25
@test compound_interest(1000, 0.035, 10) == 1410.6
@test compound_interest(250, 0.0, 7) == 250.0
