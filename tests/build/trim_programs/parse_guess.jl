# cause: parse without type
# fixed: no
function @main(args)
    text = isempty(args) ? "42" : args[1]
    value = Meta.parse(text)
    println(Core.stdout, value + 1)
    return 0
end
