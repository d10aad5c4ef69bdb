@test Vec2(1, 2) + Vec2(3, 4) == Vec2(4, 6)
@test Vec2(1, 2) - Vec2(3, 4) == Vec2(-2, -2)
@test 2 * Vec2(1, 2) == Vec2(2, 4)
@test Vec2(1, 2) * 0.5 == Vec2(0.5, 1)
@test -Vec2(1, -2) == Vec2(-1, 2)
@test norm2(Vec2(3, 4)) ≈ 5.0
@test Vec2(1, 2).x isa Float64
