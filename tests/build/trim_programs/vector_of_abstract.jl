# cause: abstract elements
# fixed: yes
abstract type Shape end
struct Disc <: Shape
    r::Float64
end
struct Square <: Shape
    a::Float64
end
area(d::Disc) = 3 * d.r^2
area(s::Square) = s.a^2

function @main(args)
    shapes = Shape[Disc(1.0), Square(2.0)]
    println(Core.stdout, sum(area, shapes))
    return 0
end
