# cause: starting a program
# fixed: yes
function @main(args)
    run(`echo hi`)
    return 0
end
