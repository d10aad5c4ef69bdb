abstract type Shape end
struct Circle
    radius::Float64
end
struct Rectangle
    width::Float64
    height::Float64
end
struct Triangle
    base::Float64
    height::Float64
end
shape_area(c::Circle) = pi * c.radius^2
shape_area(r::Rectangle) = r.width * r.height
shape_area(t::Triangle) = t.base * t.height / 2
total_area(shapes) = isempty(shapes) ? 0.0 : sum(shape_area(s) for s in shapes)
