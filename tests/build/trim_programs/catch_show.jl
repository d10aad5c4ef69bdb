# cause: printing an exception
# fixed: yes
function @main(args)
    try
        parse(Int, "x1")
    catch error
        println(Core.stdout, "failed: ", error)
    end
    return 0
end
