# What a forked child does between the fork and its report.

module Child

using ..Wire, ..System, ..Judge, ..Source, ..Screen, ..Referee

struct Settings
    filter::Vector{UInt8}
    work::String
    rules::Cint
    output_bytes::Int
end
function Settings(init::Dict{String,Any})
    work = init["work"]
    readable = String[String(p) for p in init["readable"]]
    return Settings(init["filter"], work, System.landlock_rules(readable, [work]), Int(init["output_bytes"]))
end

"Standard streams into a pipe, as plain files: no event loop, so that output is never lost in one."
function take_streams!(out::Cint)
    null = System.open_fd("/dev/null", 2)
    System.dup_to(null, 0)
    System.dup_to(out, 1)
    System.dup_to(out, 2)
    stream = Base.fdio("<stdout>", 1, false)
    errors = Base.fdio("<stderr>", 2, false)
    for (name, io) in ((:stdout, stream), (:stderr, errors))
        Core.eval(Base, Expr(:(=), name, io))
    end
    Base.CoreLogging.global_logger(Base.CoreLogging.SimpleLogger(errors))
    return
end

function confine!(settings::Settings, memory::Int, file_bytes::Int)
    ccall(:chdir, Cint, (Cstring,), settings.work)
    statm = System.open_statm()
    _, data = System.memory(statm)
    System.close_fd(statm)
    # A second line behind the watcher: it counts reserved memory, so it must be generous.
    System.limit!(System.RLIMIT.data, data + 4 * memory + (1 << 30))
    System.limit!(System.RLIMIT.fsize, file_bytes)
    System.limit!(System.RLIMIT.core, 0)
    System.no_new_privileges() || return false
    settings.rules >= 0 && (System.landlock_enter(settings.rules) || return false)
    return System.seccomp_enter(settings.filter)
end

"""
Run in the child; never returns. `report` is the pipe to the parent, `input` where the oracle comes from,
`witness` where to send the memory statistics of one more process.
"""
function run(job::Dict{String,Any}, settings::Settings, input::Cint, report::Cint, out::Cint, witness::Cint)
    code = 98
    try
        take_streams!(out)
        System.close_fd(101)
        System.set_compiler!(!(job["jit"]::Bool))
        result = get(job, "count", false) === true ? count(job, settings, input, report) :
            judged(job, settings, input, report, witness)
        flush_output()
        Wire.write_frame(report, result)
        code = 0
    catch fault
        message = Judge.fault_record(fault, catch_backtrace())
        Wire.write_frame(report, Dict{String,Any}("type" => "broken", "error" => message))
    end
    System.exit_now(code)
end

function judged(job::Dict{String,Any}, settings::Settings, input::Cint, report::Cint, witness::Cint)
    name = Symbol(job["name"]::String)
    start = time_ns()
    tree = try
        Source.parse_all(job["code"]::String, Judge.CANDIDATE)
    catch fault
        fault isa Source.SyntaxFault || rethrow()
        return Judge.load_report(fault, nothing, Judge.seconds_since(start), 0.0)
    end
    found = Screen.look(tree)
    settings.rules < 0 && push!(found.reasons, "cannot be kept from files here")
    oracle = () -> read_oracle(input, report)
    progress = seconds -> say(report, "loaded", seconds)
    if isempty(found.reasons) && isempty(found.extended)
        System.close_fd(witness)
        enter!(settings, job, report)
        return Judge.trial(tree, name, oracle, progress)
    end
    # The candidate's process is made before the tests are known here, so they cannot be found in its memory.
    pid, peer = candidate_process(tree, job, settings, (input, report, witness), why_apart(found))
    enter!(settings, job, report)
    waiting = () -> something(System.wait_child(pid, true), 0)
    isempty(found.reasons) || return Judge.trial_apart(name, peer, oracle, progress, waiting)
    # Methods of its own on Julia's functions, for its own types: fine where the tests are about these types.
    progress(0.0)
    text = oracle()
    if all(owner -> Screen.mentions(text, owner), found.extended)
        System.kill(pid)
        return Judge.trial(tree, name, () -> text, seconds -> nothing)
    end
    return Judge.trial_apart(name, peer, () -> text, seconds -> nothing, waiting)
end

function why_apart(found)
    isempty(found.reasons) || return string("the code ", first(found.reasons), ", so the tests see only plain values of it")
    return string("the code gives its own type `", first(found.extended), "`, which the tests do not name, ",
                  "methods of Julia's functions, so the tests see only plain values of it")
end

"Fork the process that holds the candidate; its id, and the peer to talk to it."
function candidate_process(tree::Expr, job, settings::Settings, secrets, why::String)
    to_r, to_w = System.pipe()
    from_r, from_w = System.pipe()
    pid = System.fork()
    if pid == 0
        input, report, witness = secrets
        statm = System.open_statm()
        System.send_fd(witness, statm)
        foreach(System.close_fd, (statm, witness, input, report, to_w, from_r))
        confine!(settings, Int(job["memory_bytes"]), Int(job["file_bytes"])) || System.exit_now(96)
        Judge.serve_candidate(tree, to_r, from_w)
        flush_output()
        System.exit_now(0)
    end
    foreach(System.close_fd, (to_r, from_w, secrets[3]))
    pid > 0 || error("no process for the candidate")
    return pid, Referee.Peer(from_r, to_w, Any[], nothing, why, false)
end

function enter!(settings::Settings, job::Dict{String,Any}, report::Cint)
    confine!(settings, Int(job["memory_bytes"]), Int(job["file_bytes"])) || System.exit_now(96)
    Wire.write_frame(report, Dict{String,Any}("type" => "confined"))
    return
end

say(report::Cint, kind::String, seconds::Float64) =
    Wire.write_frame(report, Dict{String,Any}("type" => kind, "load_seconds" => seconds))

function read_oracle(input::Cint, report::Cint)
    message = Wire.read_frame(input)
    message === nothing && System.exit_now(95)
    System.close_fd(input)
    say(report, "ready", 0.0)
    return message["source"]::String
end

function count(job::Dict{String,Any}, settings::Settings, input::Cint, report::Cint)
    enter!(settings, job, report)
    say(report, "loaded", 0.0)
    return Judge.count_checks(read_oracle(input, report))
end

function flush_output()
    try
        flush(Base.stdout)
        flush(Base.stderr)
        Base.Libc.flush_cstdio()
    catch
        # The candidate closed its own output: what it had printed is printed.
        return
    end
    return
end

end
