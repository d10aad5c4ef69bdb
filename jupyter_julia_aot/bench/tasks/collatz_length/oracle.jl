@test collatz_length(1) == 1
@test collatz_length(2) == 2
@test collatz_length(6) == 9
@test collatz_length(27) == 112
@test_throws ArgumentError collatz_length(0)
@test_throws ArgumentError collatz_length(-5)
