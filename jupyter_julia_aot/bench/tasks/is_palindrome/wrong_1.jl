is_palindrome(text::AbstractString) = text == reverse(text)
