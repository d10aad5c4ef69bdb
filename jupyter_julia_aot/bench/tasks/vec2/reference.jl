struct Vec2
    x::Float64
    y::Float64
end
Base.:+(a::Vec2, b::Vec2) = Vec2(a.x + b.x, a.y + b.y)
Base.:-(a::Vec2, b::Vec2) = Vec2(a.x - b.x, a.y - b.y)
Base.:-(a::Vec2) = Vec2(-a.x, -a.y)
Base.:*(s::Number, a::Vec2) = Vec2(s * a.x, s * a.y)
Base.:*(a::Vec2, s::Number) = s * a
norm2(a::Vec2) = sqrt(a.x^2 + a.y^2)
