blinker = Bool[0 0 0; 1 1 1; 0 0 0]
@test game_of_life(blinker) == Bool[0 1 0; 0 1 0; 0 1 0]
@test game_of_life(game_of_life(blinker)) == blinker
block = Bool[1 1; 1 1]
@test game_of_life(block) == block
@test game_of_life(Bool[1 0; 0 0]) == falses(2, 2)
@test blinker == Bool[0 0 0; 1 1 1; 0 0 0]
@test game_of_life(Bool[1 1 1 1; 0 0 0 0]) == Bool[0 1 1 0; 0 1 1 0]
