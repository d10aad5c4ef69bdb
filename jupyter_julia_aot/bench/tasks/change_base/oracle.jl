@test change_base(10, 2) == "1010"
@test change_base(255, 16) == "ff"
@test change_base(0, 7) == "0"
@test change_base(35, 36) == "z"
@test change_base(36, 36) == "10"
@test_throws ArgumentError change_base(5, 1)
@test_throws ArgumentError change_base(5, 37)
