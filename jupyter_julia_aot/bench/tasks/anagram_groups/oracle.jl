@test anagram_groups(["eat", "tea", "tan", "ate", "nat", "bat"]) == [["eat", "tea", "ate"], ["tan", "nat"], ["bat"]]
@test anagram_groups(String[]) == []
@test anagram_groups(["a"]) == [["a"]]
@test anagram_groups(["ab", "a", "ba", "aab", "aba"]) == [["ab", "ba"], ["a"], ["aab", "aba"]]
