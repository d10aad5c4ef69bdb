# cause: timing macro
# fixed: yes
work(n::Int) = sum(i * i for i in 1:n)

function @main(args)
    total = @time work(1000)
    println(Core.stdout, total)
    return 0
end
