# cause: keyword splatting
# fixed: yes
plot(; width = 1, height = 1) = width * height

function @main(args)
    options = Dict(:width => 3, :height => 4)
    println(Core.stdout, plot(; options...))
    return 0
end
