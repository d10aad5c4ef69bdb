struct Celsius
    degrees::Float64
end
struct Fahrenheit
    degrees::Float64
end
to_celsius(t::Celsius) = t
to_celsius(t::Fahrenheit) = Celsius(t.degrees * 5 / 9 - 32)
to_fahrenheit(t::Fahrenheit) = t
to_fahrenheit(t::Celsius) = Fahrenheit((t.degrees + 32) * 9 / 5)
