@test edit_distance("kitten", "sitting") == 3
@test edit_distance("", "abc") == 3
@test edit_distance("same", "same") == 0
@test edit_distance("ab", "ba") == 2
@test edit_distance("flaw", "lawn") == 2
@test edit_distance("é", "e") == 1
