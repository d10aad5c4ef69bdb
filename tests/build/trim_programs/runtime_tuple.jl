# cause: tuple of unknown length
# fixed: yes
function @main(args)
    n = length(args) + 3
    t = ntuple(i -> i^2, n)
    println(Core.stdout, sum(t))
    return 0
end
