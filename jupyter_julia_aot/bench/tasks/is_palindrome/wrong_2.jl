function is_palindrome(text::AbstractString)
    letters = [lowercase(c) for c in text if isletter(c)]
    return letters == reverse(letters)
end
