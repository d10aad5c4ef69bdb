# cause: print to stdout
# fixed: yes
function @main(args)
    printstyled("careful\n"; color = :red)
    return 0
end
