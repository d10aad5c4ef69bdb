# An exception as Python gets it: type, message, line of the cell, frames of the user's code.

module Faults

const CELLS = Set{String}()     # names of the cells that ran
const OURS = @__DIR__
const LONGEST = 20_000
const MOST_FRAMES = 40

function report(fault, trace, cell::String)
    line = nothing
    while fault isa LoadError
        fault.file == cell && fault.line > 0 && (line = Int(fault.line))
        fault = fault.error
    end
    frames = user_frames(trace)
    # A call from Python has no cell: the innermost frame of any then.
    at = findfirst(f -> f[1] == cell, frames)
    at === nothing && line === nothing && (at = findfirst(f -> f[1] in CELLS, frames))
    at === nothing || (line = frames[at][2])
    message = describe(fault)
    kind = string(nameof(typeof(fault)))
    if kind == "ParseError"
        found = match(Regex(string("(?:# Error @ |\\b)\\Q", cell, "\\E:(\\d+)")), message)
        found === nothing || (line = parse(Int, found.captures[1]))
    end
    startswith(message, kind * ": ") && (message = message[(ncodeunits(kind) + 3):end])
    return Dict{String,Any}("type" => kind, "message" => message, "line" => line,
                            "backtrace" => Any[f[3] for f in frames[1:min(end, MOST_FRAMES)]])
end

"(file, line, text) of the frames that are the user's, innermost first."
function user_frames(trace)
    frames = Tuple{String,Int,String}[]
    for frame in stacktrace(trace)
        file = String(frame.file)
        dirname(file) == OURS && basename(file) in ("session.jl", "inprocess.jl") && break
        # Julia writes a relative name as "./name" in frames.
        startswith(file, "./") && file[3:end] in CELLS && (file = file[3:end])
        (file in CELLS || (isabspath(file) && !startswith(file, OURS) && !of_julia(file))) || continue
        name = frame.func === Symbol("top-level scope") ? "top level" : string(frame.func)
        push!(frames, (file, Int(frame.line), string(name, " at ", file, ":", frame.line)))
    end
    return frames
end

of_julia(file) = startswith(file, normpath(joinpath(Sys.BINDIR, ".."))) || occursin("/share/julia/", file) ||
                 occursin("/usr/share/julia", file) || occursin("/stdlib/v", file)

function describe(fault)
    text = try
        Base.invokelatest(sprint, showerror, fault)
    catch
        string("a ", typeof(fault), " that cannot be shown")
    end
    length(text) > LONGEST && (text = string(first(text, LONGEST), "…"))
    return text
end

end
