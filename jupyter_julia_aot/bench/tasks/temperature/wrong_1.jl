struct Celsius
    degrees::Float64
end
struct Fahrenheit
    degrees::Float64
end
to_celsius(t) = Celsius((t.degrees - 32) * 5 / 9)
to_fahrenheit(t) = Fahrenheit(t.degrees * 9 / 5 + 32)
