# One trial in a forked child: load the candidate, run the oracle, report.

module Judge

using ..Wire, ..System, ..Source, ..Checks, ..OracleNames, ..Plain, ..Screen, ..Referee

const CANDIDATE = "candidate"   # the file name in the candidate's line numbers
const ORACLE = "oracle"
const LONGEST_MESSAGE = 4000

# ---------------------------------------------------------------- faults

unwrap(fault) = fault
unwrap(fault::LoadError) = unwrap(fault.error)
function unwrap(fault::TaskFailedException)
    inner = isdefined(fault.task, :exception) ? fault.task.exception : nothing
    return inner isa Exception ? unwrap(inner) : fault
end

"Type, message and line (in the candidate, else unknown) of an exception."
function fault_record(fault, trace, file::String = CANDIDATE)
    haskey(Referee.REMOTE, fault) && return Referee.REMOTE[fault]
    line = fault isa LoadError && String(fault.file) == file ? Int(fault.line) : nothing
    fault = unwrap(fault)
    message = Checks.describe(fault)
    length(message) > LONGEST_MESSAGE && (message = string(first(message, LONGEST_MESSAGE), "…"))
    found = line_of(trace, file)
    return Dict{String,Any}("type" => string(nameof(typeof(fault))), "message" => message,
                            "line" => found === nothing ? line : found)
end

function line_of(trace, file::String)
    name = Symbol(file)
    frames = try
        stacktrace(trace)
    catch
        return nothing
    end
    for frame in frames
        frame.file === name && frame.line > 0 && return Int(frame.line)
    end
    return nothing
end

const EPERM, EACCES = 1, 13
refused(code::Integer) = abs(code) in (EPERM, EACCES)

"Whether an exception says that the sandbox refused something."
function is_refusal(fault)
    fault = unwrap(fault)
    fault isa SystemError && return refused(fault.errnum)
    fault isa Base.IOError && return refused(fault.code)
    return false
end

is_memory(fault) = unwrap(fault) isa OutOfMemoryError

# ---------------------------------------------------------------- loading

"Evaluate the candidate's expressions one by one in `home` (`Main`, as if it were run by itself)."
function load!(tree::Expr, home::Module)
    for ex in tree.args
        Core.eval(home, ex)
    end
    return
end

lowering_fault(fault) = fault isa ErrorException && startswith(fault.msg, "syntax:")

# ---------------------------------------------------------------- the oracle

"""
A module for the oracle. It sees the candidate's names, but never instead of Julia's own, of those of the packages it
uses, or of its own: a candidate that defines a `==`, a `mean` or a helper of the tests does not lend it to them.
"""
oracle_module(tree::Expr, name::Symbol, theirs::Module) = oracle_module(tree, name, theirs) do home, symbol
    Base.invokelatest(isdefined, theirs, symbol) && Core.eval(home, Expr(:import, Expr(:., :., :., symbol)))
end

"The same for a candidate in another process, whose functions are `functions` and other globals `others`."
function oracle_module(tree::Expr, name::Symbol, peer::Referee.Peer, functions, others)
    return oracle_module(tree, name, Main) do home, symbol
        if string(symbol) in functions
            Core.eval(home, Expr(:const, Expr(:(=), symbol, Referee.Proxy(peer, string(symbol)))))
        elseif string(symbol) in others
            Wire.write_frame(peer.output, Dict{String,Any}("get" => string(symbol)))
            Core.eval(home, Expr(:const, Expr(:(=), symbol, QuoteNode(Referee.answer(peer, ())))))
        end
    end
end

function oracle_module(lend!, tree::Expr, name::Symbol, parent::Module)
    home = Core.eval(parent, Expr(:module, true, gensym("oracle"), Expr(:block)))
    lend!(home, name)
    foreach(ex -> Core.eval(home, ex), OracleNames.packages(tree))
    for symbol in OracleNames.wanted(tree)
        symbol === name || Base.invokelatest(isdefined, home, symbol) || lend!(home, symbol)
    end
    return home
end

# ---------------------------------------------------------------- time

compile_ns() = isdefined(Base, :cumulative_compile_time_ns) ? first(Base.cumulative_compile_time_ns()) : UInt64(0)
function count_compile_time!()
    isdefined(Base, :cumulative_compile_timing) && Base.cumulative_compile_timing(true)
    return
end

seconds_since(start) = (time_ns() - start) / 1e9

# ---------------------------------------------------------------- the whole trial

report(verdict; more...) = merge!(Dict{String,Any}("type" => "verdict", "verdict" => verdict),
                                  Dict{String,Any}(string(k) => v for (k, v) in more))

function verdict_of(fault)
    is_memory(fault) && return "memory"
    is_refusal(fault) && return "blocked"
    fault isa Referee.Blocked && return "blocked"
    return "error"
end

"A report for a candidate that could not be loaded."
function load_report(fault, trace, seconds, compiled)
    if fault isa Source.SyntaxFault
        return report("syntax"; load_seconds = seconds, error = Dict{String,Any}(
            "type" => "ParseError", "message" => fault.message, "line" => fault.line))
    end
    verdict = lowering_fault(unwrap(fault)) ? "syntax" : verdict_of(fault)
    return report(verdict; load_seconds = seconds, compile_seconds = compiled, error = fault_record(fault, trace))
end

undefined_report(name, seconds) = report("error"; load_seconds = seconds, error = Dict{String,Any}(
    "type" => "UndefVarError", "message" => "the code does not define $name", "line" => nothing))

"""
Judge a parsed candidate by `oracle` in this process. `oracle` is a function giving the oracle's text, called
after the candidate is loaded; `progress` is told when that is.
"""
function trial(tree::Expr, name::Symbol, oracle, progress, home::Module = Main)
    count_compile_time!()
    start, compiled = time_ns(), compile_ns()
    spent() = (compile_ns() - compiled) / 1e9
    try
        load!(tree, home)
    catch fault
        return load_report(fault, catch_backtrace(), seconds_since(start), spent())
    end
    load_seconds = seconds_since(start)
    progress(load_seconds)
    text = oracle()
    Base.invokelatest(isdefined, home, name) || return undefined_report(name, load_seconds)
    start = time_ns()
    result = judge(text, parsed -> oracle_module(parsed, name, home))
    result["load_seconds"] = load_seconds
    result["run_seconds"] = seconds_since(start)
    result["compile_seconds"] = spent()
    return result
end

# ---------------------------------------------------------------- the candidate in another process

"The candidate's side: load, say so, serve. Ends when the tests' side does."
function serve_candidate(tree::Expr, input::Cint, output::Cint)
    Referee.RECORD[] = fault_record
    count_compile_time!()
    start = time_ns()
    before = Set(names(Main; all = true))
    try
        load!(tree, Main)
    catch fault
        Wire.write_frame(output, load_report(fault, catch_backtrace(), seconds_since(start), compile_ns() / 1e9))
        return
    end
    seconds = seconds_since(start)
    functions, others = String[], String[]
    for s in Base.invokelatest(names, Main; all = true)
        s in before || Base.invokelatest(isdefined, Main, s) || continue
        isdefined(Main, s) || continue
        push!(Base.invokelatest(getfield, Main, s) isa Function ? functions : others, string(s))
    end
    Wire.write_frame(output, Dict{String,Any}("type" => "loaded", "load_seconds" => seconds,
                                              "functions" => functions, "others" => others))
    peer = Referee.Peer(input, output, Any[], s -> Base.invokelatest(getfield, Main, Symbol(s)), "", false)
    while true
        message = Wire.read_frame(input)
        message === nothing && return
        Referee.serve(peer, message)
    end
end

"The tests' side; `waiting` says how the candidate's process ended, once it has."
function trial_apart(name::Symbol, peer::Referee.Peer, oracle, progress, waiting)
    loaded = try
        Referee.receive(peer)
    catch fault
        fault isa Referee.Gone && return Dict{String,Any}("type" => "gone", "status" => waiting())
        return report("blocked"; error = fault_record(fault, catch_backtrace()))
    end
    get(loaded, "type", "") == "loaded" || return refused_to_load(loaded)
    load_seconds, functions, others = (get(loaded, key, nothing) for key in ("load_seconds", "functions", "others"))
    load_seconds isa Float64 && is_names(functions) && is_names(others) || return no_message()
    progress(load_seconds)
    text = oracle()
    string(name) in functions || string(name) in others || return undefined_report(name, load_seconds)
    start = time_ns()
    result = judge(text, parsed -> oracle_module(parsed, name, peer, functions, others))
    peer.gone && return Dict{String,Any}("type" => "gone", "status" => waiting(), "load_seconds" => load_seconds)
    result["load_seconds"] = load_seconds
    result["run_seconds"] = seconds_since(start)
    result["apart"] = true
    return result
end

is_names(found) = found isa Vector{Any} && all(name -> name isa String, found)

"A candidate's own word about why it did not load is taken for everything but `passed`."
function refused_to_load(message)
    verdict, fault = get(message, "verdict", ""), Referee.record_of(get(message, "error", nothing))
    verdict in ("error", "syntax", "blocked", "memory") && fault !== nothing || return no_message()
    times = [string(key) => message[key] for key in ("load_seconds", "compile_seconds") if get(message, key, "") isa Float64]
    return merge!(report(verdict; error = fault), Dict{String,Any}(times))
end

no_message() = report("blocked"; error = Dict{String,Any}("type" => "Blocked", "line" => nothing,
    "message" => "the candidate's process sent something that is no message"))

# ---------------------------------------------------------------- judging

struct OracleFault <: Exception
    message::String
    line::Union{Int,Nothing}
end

"The oracle's rewritten expressions and the tally they report to. Throws OracleFault."
function prepare(text::String)
    tree = try
        Source.parse_all(text, ORACLE)
    catch fault
        fault isa Source.SyntaxFault || rethrow()
        throw(OracleFault(string("does not parse: ", fault.message), fault.line))
    end
    tally = Checks.Tally()
    steps = Any[Checks.instrument(ex, tally) for ex in tree.args if !(ex isa LineNumberNode)]
    if isempty(tally.sites)
        Checks.can_fail(tree) || throw(OracleFault("contains no check", nothing))
        site = Checks.new_site!(tally, 0, false)
        push!(steps, Expr(:call, Checks.truth!, tally, site, "the test program runs to its end", true))
    end
    return tree, steps, tally
end

"Run the oracle in the module that `make_home` gives for its parsed text."
function judge(text::String, make_home)
    tree, steps, tally = try
        prepare(text)
    catch fault
        fault isa OracleFault || rethrow()
        return oracle_report(fault)
    end
    stopped = nothing
    try
        home = make_home(tree)
        Core.eval(home, :(exit(code = 0) = $(Checks.oracle_exit!)($tally, code)))
        for step in steps
            Core.eval(home, step)
        end
    catch fault
        stopped = (fault, catch_backtrace())
    end
    if stopped !== nothing && !(unwrap(stopped[1]) isa Checks.OracleStop)
        tally.fault === nothing && (tally.fault = stopped)
        tally.first === :none && (tally.first = :error)
    end
    missing_why = tally.first === :none ? Checks.missing_checks(tally) : ""
    isempty(missing_why) || push!(tally.failures, missing_why)
    verdict = if tally.first === :error
        verdict_of(tally.fault[1])
    elseif tally.first === :failed || !isempty(missing_why)
        "failed"
    else
        "passed"
    end
    record = tally.fault === nothing ? nothing : fault_record(tally.fault...)
    return report(verdict; passed = tally.passed, failed = tally.failed, failures = tally.failures, error = record)
end

oracle_report(fault::OracleFault) =
    Dict{String,Any}("type" => "oracle", "message" => fault.message, "line" => fault.line)

"How many checks an oracle contains, or what is wrong with it."
function count_checks(text::String)
    try
        return Dict{String,Any}("type" => "counted", "checks" => length(prepare(text)[3].sites))
    catch fault
        fault isa OracleFault || rethrow()
        return oracle_report(fault)
    end
end

# ---------------------------------------------------------------- speed

const SHORTEST_SAMPLE_NS = 2_000_000    # calls are repeated within a sample until it is this long
const STABLE = 0.02                     # half-width of the middle half, relative to the median

"""
Seconds of one evaluation of a call, under the compiler, after a warm-up: the median of samples taken until the
spread of their middle half is small or the time is up. `noise` is that spread, relative to the median.
"""
function measure(tree::Expr, text::String, allowed::Float64)
    start = time_ns()
    try
        load!(tree, Main)
    catch fault
        return load_report(fault, catch_backtrace(), seconds_since(start), 0.0)
    end
    samples = Float64[]
    try
        f, args = call_parts(text)
        Base.invokelatest(f, args...)
        once = max(elapsed(f, args, 1), 1)
        repeats = max(1, SHORTEST_SAMPLE_NS ÷ once)
        while length(samples) < 5 || (spread(samples)[2] > STABLE && length(samples) < 200)
            push!(samples, elapsed(f, args, repeats) / repeats / 1e9)
            seconds_since(start) > allowed && length(samples) >= 1 && break
        end
    catch fault
        return report(verdict_of(fault); error = fault_record(fault, catch_backtrace()))
    end
    seconds, noise = spread(samples)
    return Dict{String,Any}("type" => "measured", "seconds" => seconds, "noise" => noise, "samples" => length(samples))
end

"""
The function and the arguments of a call. The arguments are evaluated once and given at run time, so that the
compiler cannot work the answer out beforehand.
"""
function call_parts(text::String)
    steps = Any[ex for ex in Source.parse_all(text, ORACLE).args if !(ex isa LineNumberNode)]
    last = isempty(steps) ? nothing : pop!(steps)
    foreach(ex -> Core.eval(Main, ex), steps)
    plain = last isa Expr && last.head === :call &&
            !any(a -> a isa Expr && a.head in (:kw, :parameters, :...), last.args)
    plain && return Core.eval(Main, last.args[1]), Any[Core.eval(Main, a) for a in last.args[2:end]]
    return Core.eval(Main, :(() -> $last)), Any[]
end

function elapsed(f, args::Vector{Any}, repeats::Integer)
    start = time_ns()
    for _ in 1:repeats
        Base.invokelatest(f, args...)
    end
    return Int(time_ns() - start)
end

"Median, and half the middle half's width relative to it."
function spread(samples::Vector{Float64})
    sorted = sort(samples)
    at(q) = sorted[1 + round(Int, q * (length(sorted) - 1))]
    return at(0.5), (at(0.75) - at(0.25)) / 2 / max(at(0.5), 1e-12)
end

end
