# cause: formatted print
# fixed: yes
using Printf

function @main(args)
    @printf("%d and %.2f\n", 3, 2.5)
    return 0
end
