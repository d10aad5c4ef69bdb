# Build with the package JuliaC. ARGS: a file of options, one `key<TAB>value` each; lists repeat their key.
# These few lines run once: interpreting them takes less time than compiling them.
Base.Experimental.@compiler_options compile=min optimize=0 infer=no
using JuliaC

function read_options(path)
    options = Dict{String,Vector{String}}()
    for row in eachline(path)
        key, value = split(row, '\t'; limit = 2)
        push!(get!(Vector{String}, options, String(key)), String(value))
    end
    return options
end

let options = read_options(ARGS[1])
    one(key) = haskey(options, key) ? only(options[key]) : nothing
    all(key) = get(Vector{String}, options, key)
    flag(key) = haskey(options, key)
    wanted = Dict{Symbol,Any}(
        :output_type => one("output"),
        :file => one("project"),
        :trim_mode => one("trim"),
        :add_ccallables => flag("ccallables"),
        :cpu_target => one("cpu"),
        :export_abi => one("abi"),
        :julia_args => all("julia_arg"),
        :img_path => one("image"),
        :jl_options => Dict{String,String}(Pair(split(o, '='; limit = 2)...) for o in all("jl_option")),
    )
    # An older JuliaC lacks some of them; what was not asked for need not be there.
    given = filter(p -> hasfield(JuliaC.ImageRecipe, p.first), wanted)
    for (key, value) in wanted
        haskey(given, key) || value === nothing || value === false || isempty(value) ||
            error("this JuliaC has no option $key; update it")
    end
    image = JuliaC.ImageRecipe()
    for (key, value) in given
        setproperty!(image, key, value)
    end
    # The stages are told to the parent on lines of their own.
    tell(stage) = (println("julia-aot-stage\t", stage); flush(stdout))
    # Beside the image is kept what linking and bundling need: JuliaC's own objects and the project's manifest.
    folder = dirname(one("image"))
    project = joinpath(folder, "project")
    if flag("compiled")
        append!(image.extra_objects, filter(endswith(".o"), readdir(folder; join = true)))
        image.instantiated_project = project
    else
        tell("compile")
        JuliaC.compile_products(image)
        foreach(o -> cp(o, joinpath(folder, basename(o)); force = true), image.extra_objects)
        cp(image.instantiated_project, project; force = true)
    end
    flag("product") || exit(0)
    append!(image.extra_objects, all("extra_object"))
    link = JuliaC.LinkRecipe()
    link.image_recipe, link.outname, link.ld_flags = image, one("product"), all("ld_flag")
    flag("bundle") && (link.rpath = "@bundle")
    tell("link")
    JuliaC.link_products(link)
    if flag("bundle")
        tell("bundle")
        bundle = JuliaC.BundleRecipe()
        bundle.link_recipe, bundle.output_dir, bundle.privatize = link, one("bundle"), flag("privatize")
        if flag("lazy_artifacts")
            hasfield(JuliaC.BundleRecipe, :bundle_lazy_artifacts) ||
                error("this JuliaC cannot bundle lazy artifacts; update it")
            bundle.bundle_lazy_artifacts = true
        end
        JuliaC.bundle_products(bundle)
    end
end
