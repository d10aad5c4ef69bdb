# cause: starting a program
# fixed: no
function @main(args)
    run(`echo hi`)
    return 0
end
