# cause: global variable
# fixed: yes
counter = 0

function step()
    global counter += 1
    return nothing
end

function @main(args)
    for _ in 1:4
        step()
    end
    println(Core.stdout, counter)
    return 0
end
