@test to_celsius(Fahrenheit(212)).degrees ≈ 100
@test to_fahrenheit(Celsius(100)).degrees ≈ 212
@test to_celsius(Fahrenheit(32)).degrees ≈ 0 atol = 1e-12
@test to_celsius(Celsius(5)) == Celsius(5)
@test to_fahrenheit(Fahrenheit(5)) == Fahrenheit(5)
@test to_celsius(Fahrenheit(-40)) isa Celsius
@test to_fahrenheit(to_celsius(Fahrenheit(98.6))).degrees ≈ 98.6
