# cause: function chosen at run time
# fixed: yes
const OPERATIONS = Dict("add" => +, "multiply" => *)

function @main(args)
    name = isempty(args) ? "add" : args[1]
    println(Core.stdout, OPERATIONS[name](2, 3))
    return 0
end
