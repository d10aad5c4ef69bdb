# Included where `julia_aot_entry` is a program's entry: what the C program (main.c) calls.
function julia_aot_start(args::Vector{String})::Cint
    append!(empty!(Base.ARGS), args)
    try
        value = julia_aot_entry(args)
        flush(stdout)
        return value isa Integer ? Cint(value) : Cint(0)
    catch error
        flush(stdout)
        Base.invokelatest(Base.display_error, stderr, error, catch_backtrace())
        return Cint(1)
    end
end
precompile(julia_aot_start, (Vector{String},))
precompile(julia_aot_entry, (Vector{String},))
