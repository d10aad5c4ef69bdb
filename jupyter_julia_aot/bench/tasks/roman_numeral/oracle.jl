@test roman_numeral(1) == "I"
@test roman_numeral(4) == "IV"
@test roman_numeral(1994) == "MCMXCIV"
@test roman_numeral(3999) == "MMMCMXCIX"
@test roman_numeral(48) == "XLVIII"
@test_throws DomainError roman_numeral(0)
@test_throws DomainError roman_numeral(4000)
