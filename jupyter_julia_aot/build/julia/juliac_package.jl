# Build with the package JuliaC. ARGS: project directory, output type, product, trim mode, bundle directory
# or "", cpu target or "", "privatize" or "".
using JuliaC

let (project, output, product, trim, bundle, cpu, privatize) = ARGS
    image = JuliaC.ImageRecipe(
        output_type = output,
        file = project,
        trim_mode = trim,
        add_ccallables = output == "--output-lib",
        cpu_target = isempty(cpu) ? nothing : cpu,
        export_abi = output == "--output-lib" ? string(product, ".abi.json") : nothing,
    )
    link = JuliaC.LinkRecipe(image_recipe = image, outname = product, rpath = isempty(bundle) ? nothing : "@bundle")
    # The stages are told to the parent on lines of their own.
    tell(stage) = (println("julia-aot-stage\t", stage); flush(stdout))
    tell("compile")
    JuliaC.compile_products(image)
    tell("link")
    JuliaC.link_products(link)
    if !isempty(bundle)
        tell("bundle")
        JuliaC.bundle_products(JuliaC.BundleRecipe(
            link_recipe = link, output_dir = bundle, privatize = privatize == "privatize"))
    end
end
