# An exception as Python gets it: type, message, line of the cell, frames of the user's code.

module Faults

include("parse_faults.jl")

const CELLS = Set{String}()     # names of the cells that ran
const OURS = @__DIR__
const PACKAGE = normpath(joinpath(OURS, "..", ".."))    # all of ours: no frame of the user's
const LONGEST = 20_000
const MOST_FRAMES = 40

"`code` is the text of the cell, when known: then the place of what does not parse is told on any Julia."
function report(fault, trace, cell::String, code::String = "")
    line = nothing
    while fault isa LoadError
        fault.file == cell && fault.line > 0 && (line = Int(fault.line))
        fault = fault.error
    end
    parsing = parse_fault(fault, code, cell)
    if parsing !== nothing
        return Dict{String,Any}("type" => "ParseError", "message" => parsing[1], "line" => parsing[2], "backtrace" => Any[])
    end
    frames = user_frames(trace)
    # A call from Python has no cell: the innermost frame of any then.
    at = findfirst(f -> f[1] == cell, frames)
    at === nothing && line === nothing && (at = findfirst(f -> f[1] in CELLS, frames))
    at === nothing || (line = frames[at][2])
    message = describe(fault)
    kind = string(nameof(typeof(fault)))
    startswith(message, kind * ":") && (message = String(lstrip(message[(ncodeunits(kind) + 2):end])))
    return Dict{String,Any}("type" => kind, "message" => message, "line" => line,
                            "backtrace" => Any[f[3] for f in frames[1:min(end, MOST_FRAMES)]])
end

"Message and line of what a parser found wrong with `code`; nothing for any other fault."
function parse_fault(fault, code::String, cell::String)
    isempty(code) && fault isa Meta.ParseError && (code = parsed_text(fault, cell))
    isempty(code) && return nothing
    if fault isa Meta.ParseError
        text = parsed_text(fault, cell)
        text == code || (isempty(text) && !ParseFaults.parses(code)) || return nothing
    else
        # Older Julias say "syntax" of what does not parse and of what parses but makes no sense.
        fault isa ErrorException && startswith(fault.msg, "syntax: ") && !ParseFaults.parses(code) || return nothing
    end
    found = ParseFaults.describe(fault, code)
    # Newer parsers draw the place, too.
    picture = fault isa Meta.ParseError ? split(describe(fault), '\n')[2:end] : String[]
    return join([ParseFaults.sentence(found); picture], '\n'), found.line
end

"The text that a newer parser failed on, when that was the cell's; else empty."
parsed_text(fault, cell::String) = try
    fault.detail.source.filename == cell ? String(fault.detail.source.code) : ""
catch
    ""      # an older ParseError, or a program's own
end

"(file, line, text) of the frames that are the user's, innermost first."
function user_frames(trace)
    frames = Tuple{String,Int,String}[]
    for frame in stacktrace(trace)
        file = String(frame.file)
        dirname(file) == OURS && basename(file) in ("session.jl", "inprocess.jl") && break
        # Julia writes a relative name as "./name" in frames.
        startswith(file, "./") && file[3:end] in CELLS && (file = file[3:end])
        (file in CELLS || (isabspath(file) && !startswith(file, PACKAGE) && !of_julia(file))) || continue
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
