function balanced(text::AbstractString)
    return count(==('('), text) == count(==(')'), text) &&
           count(==('['), text) == count(==(']'), text) &&
           count(==('{'), text) == count(==('}'), text)
end
