# Build an application with PackageCompiler. ARGS: project directory, output directory, program, cpu target or "".
using PackageCompiler

let (project, output, program, cpu) = ARGS
    options = Dict{Symbol,Any}(
        :executables => [program => "julia_main"],
        :incremental => false,
        :filter_stdlibs => false,
        :force => true,
    )
    isempty(cpu) || (options[:cpu_target] = cpu)
    create_app(project, output; options...)
end
