# cause: print to stdout
# fixed: yes
function @main(args)
    display([1, 2, 3])
    return 0
end
