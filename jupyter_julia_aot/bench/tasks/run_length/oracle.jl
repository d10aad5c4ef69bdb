@test run_length("aab") == [('a', 2), ('b', 1)]
@test run_length("abba") == [('a', 1), ('b', 2), ('a', 1)]
@test run_length("zzzz") == [('z', 4)]
@test isempty(run_length(""))
@test run_length("ééa") == [('é', 2), ('a', 1)]
