# cause: mixed container
# fixed: yes
function @main(args)
    config = Dict{String,Any}("size" => 3, "name" => "x")
    println(Core.stdout, config["size"] + 1)
    return 0
end
