@test Circle <: Shape && Rectangle <: Shape && Triangle <: Shape
@test shape_area(Circle(2)) ≈ 4pi
@test shape_area(Rectangle(2, 3.5)) ≈ 7.0
@test shape_area(Triangle(4, 3)) ≈ 6.0
@test total_area(Shape[Circle(1), Rectangle(1, 1)]) ≈ pi + 1
@test total_area(Shape[]) == 0.0
@test_throws MethodError shape_area("circle")
