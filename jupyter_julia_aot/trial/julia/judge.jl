# One trial in a forked child: load the candidate, run the oracle, report.

module Judge

using ..Wire, ..System, ..Source, ..Checks

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
function load!(code::String, home::Module)
    tree = Source.parse_all(code, CANDIDATE)
    for ex in tree.args
        Core.eval(home, ex)
    end
    return
end

lowering_fault(fault) = fault isa ErrorException && startswith(fault.msg, "syntax:")

# ---------------------------------------------------------------- the oracle

"""
A module for the oracle. It sees the candidate's names, but never instead of Julia's own: a candidate that
defines its own `==` or `isapprox` does not lend it to the tests.
"""
function oracle_module(tree::Expr, name::Symbol, theirs::Module)
    home = Core.eval(theirs, Expr(:module, true, gensym("oracle"), Expr(:block)))
    wanted = Set{Symbol}([name])
    assigned = Set{Symbol}()
    collect_names!(wanted, assigned, tree)
    for symbol in wanted
        symbol in assigned && symbol !== name && continue
        (isdefined(Base, symbol) || isdefined(Core, symbol)) && symbol !== name && continue
        isdefined(theirs, symbol) || continue
        Core.eval(home, Expr(:import, Expr(:., :., :., symbol)))
    end
    return home
end

collect_names!(wanted, assigned, ex) = nothing
collect_names!(wanted, assigned, ex::Symbol) = (push!(wanted, ex); nothing)
collect_names!(wanted, assigned, ex::QuoteNode) = nothing
function collect_names!(wanted, assigned, ex::Expr)
    if ex.head in (:(=), :struct, :abstract, :const) && !isempty(ex.args) && ex.args[1] isa Symbol
        push!(assigned, ex.args[1])
    end
    for part in ex.args
        collect_names!(wanted, assigned, part)
    end
    return nothing
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
    return "error"
end

"""
Judge `code` by `oracle`. `oracle` is a function giving the oracle's text, called after the candidate is
loaded; `progress` is told when that is.
"""
function trial(code::String, name::Symbol, oracle, progress, home::Module = Main)
    count_compile_time!()
    start, compiled = time_ns(), compile_ns()
    spent() = (compile_ns() - compiled) / 1e9
    try
        load!(code, home)
    catch fault
        took = seconds_since(start)
        if fault isa Source.SyntaxFault
            return report("syntax"; load_seconds = took, error = Dict{String,Any}(
                "type" => "ParseError", "message" => fault.message, "line" => fault.line))
        end
        record = fault_record(fault, catch_backtrace())
        lowering_fault(unwrap(fault)) &&
            return report("syntax"; load_seconds = took, compile_seconds = spent(), error = record)
        return report(verdict_of(fault); load_seconds = took, compile_seconds = spent(), error = record)
    end
    load_seconds = seconds_since(start)
    progress(load_seconds)
    text = oracle()
    if !Base.invokelatest(isdefined, home, name)
        return report("error"; load_seconds = load_seconds, compile_seconds = spent(), error = Dict{String,Any}(
            "type" => "UndefVarError", "message" => "the code does not define $name", "line" => nothing))
    end
    start = time_ns()
    result = judge(text, name, home)
    result["load_seconds"] = load_seconds
    result["run_seconds"] = seconds_since(start)
    result["compile_seconds"] = spent()
    return result
end

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

function judge(text::String, name::Symbol, theirs::Module)
    tree, steps, tally = try
        prepare(text)
    catch fault
        fault isa OracleFault || rethrow()
        return oracle_report(fault)
    end
    home = oracle_module(tree, name, theirs)
    Core.eval(home, :(exit(code = 0) = $(Checks.oracle_exit!)($tally, code)))
    stopped = nothing
    try
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

end
