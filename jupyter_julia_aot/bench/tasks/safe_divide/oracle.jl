@test safe_divide(1, 2) == 0.5
@test safe_divide(1, 0) === nothing
@test safe_divide(missing, 2) === missing
@test safe_divide(2, missing) === missing
@test safe_divide(missing, 0) === missing
@test safe_divide(0, 5) == 0.0
