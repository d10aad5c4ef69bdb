abstract type Shape end
struct Circle <: Shape
    radius::Float64
end
struct Rectangle <: Shape
    width::Float64
    height::Float64
end
struct Triangle <: Shape
    base::Float64
    height::Float64
end
shape_area(c::Circle) = 2 * pi * c.radius
shape_area(r::Rectangle) = r.width * r.height
shape_area(t::Triangle) = t.base * t.height / 2
total_area(shapes) = isempty(shapes) ? 0.0 : sum(shape_area(s) for s in shapes)
