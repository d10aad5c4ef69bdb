# cause: abstract field
# fixed: yes
struct Operation
    name::String
    apply::Function
end

run_all(ops::Vector{Operation}, x::Int) = [op.apply(x) for op in ops]

function @main(args)
    double(x) = 2x
    println(Core.stdout, sum(run_all([Operation("double", double), Operation("again", double)], 21)))
    return 0
end
