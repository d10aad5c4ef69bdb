# cause: abstract field
# fixed: yes
struct Point
    x::Real
    y::Real
end

norm2(p::Point) = p.x^2 + p.y^2

function @main(args)
    points = [Point(3.0, 4.0), Point(1.0, length(args) + 2.0)]
    println(Core.stdout, sum(norm2, points))
    return 0
end
