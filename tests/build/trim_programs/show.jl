# cause: print to stdout
# fixed: yes
function @main(args)
    @show 6 * 7
    return 0
end
