# cause: function chosen at run time
# fixed: yes
function @main(args)
    for f in [sqrt, abs]
        println(Core.stdout, f(4.0))
    end
    return 0
end
