# cause: print to stdout
# fixed: yes
function banner(n::Int)
    for i in 1:n
        print(i, " ")
    end
    print('\n')
end

function @main(args)
    banner(3)
    return 0
end
