# What a forked child does between the fork and its report.

module Child

using ..Wire, ..System, ..Judge, ..OracleNames, ..Source, ..Screen, ..Referee

struct Settings
    filter::Vector{UInt8}
    work::String
    rules::Cint
    output_bytes::Int
    forks::Bool         # whether children are forked (else: spare.jl)
end
function Settings(init::Dict{String,Any})
    work = init["work"]::String
    readable = String[]
    for path in init["readable"]::Vector{Any}
        push!(readable, path::String)
    end
    return Settings(init["filter"]::Vector{UInt8}, work, System.landlock_rules(readable, String[work]),
                    init["output_bytes"]::Int, get(init, "forks", true)::Bool)
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

const OPEN_FILES = 40

function confine!(settings::Settings, memory::Int, file_bytes::Int)
    ccall(:chdir, Cint, (Cstring,), settings.work)
    statm = System.open_statm()
    _, data = System.memory(statm)
    System.close_fd(statm)
    # A second line behind the watcher: it counts reserved memory, so it must be generous.
    System.limit!(System.RLIMIT.data, data + 4 * memory + (1 << 30))
    System.limit!(System.RLIMIT.fsize, file_bytes + System.PAGE)
    # A file that is open and removed is seen by nobody: there may be few.
    System.limit!(System.RLIMIT.nofile, OPEN_FILES)
    System.limit!(System.RLIMIT.core, 0)
    System.no_new_privileges() || return false
    settings.rules >= 0 && (System.landlock_enter(settings.rules) || return false)
    return System.seccomp_enter(settings.filter)
end

# What a child tells its parent: one byte, and for some more. The parent passes a report on unread.
const GOT, CONFINED, LOADED, READY, REPORT = UInt8('G'), UInt8('C'), UInt8('L'), UInt8('R'), UInt8('V')
# Where nothing is forked: "a process for the candidate, please", and "how did it end?".
const PEER, ENDED = UInt8('P'), UInt8('E')

say(pipe::Cint, kind::UInt8) = Wire.write_all(pipe, UInt8[kind])
say_loaded(pipe::Cint, seconds::Float64) =
    Wire.write_all(pipe, vcat(LOADED, reinterpret(UInt8, [round(Int64, 1e9 * seconds)])))
function say_report(pipe::Cint, report::Dict{String,Any})
    say(pipe, REPORT)
    return Wire.write_frame(pipe, report)
end

"""
Run in the child; never returns. `input` is where candidate and oracle come from, `pipe` leads to the parent,
`out` takes what is printed, `witness` the memory statistics of one more process.
"""
function run(job::Dict{String,Any}, settings::Settings, input::Cint, pipe::Cint, out::Cint, witness::Cint)
    code = 98
    try
        take_streams!(out)
        System.close_fd(101)
        candidate = Wire.read_frame(input)
        candidate === nothing && System.exit_now(95)
        say(pipe, GOT)
        merge!(job, candidate)
        System.set_compiler!(!(job["jit"]::Bool))
        task = job["task"]::String
        report = task == "count" ? count(job, settings, input, pipe) :
            task == "measure" ? measured(job, settings, input, pipe) : judged(job, settings, input, pipe, witness)
        flush_output()
        say_report(pipe, report)
        code = 0
    catch fault
        record = Judge.fault_record(fault, catch_backtrace())
        say_report(pipe, Dict{String,Any}("type" => "broken", "error" => record))
    end
    System.exit_now(code)
end

function judged(job::Dict{String,Any}, settings::Settings, input::Cint, pipe::Cint, witness::Cint)
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
    oracle = () -> read_oracle(input, pipe)
    progress = seconds -> say_loaded(pipe, seconds)
    if isempty(found.reasons) && isempty(found.extended)
        System.close_fd(witness)
        enter!(settings, job, pipe)
        return Judge.trial(Screen.shield(tree, found, Main), name, oracle, progress)
    end
    # The candidate's process is made before the tests are known here, so they cannot be found in its memory.
    apart = settings.forks ? candidate_process : candidate_in_spare
    peer, waiting, stop = apart(tree, job, settings, (input, pipe, witness), why_apart(found))
    enter!(settings, job, pipe)
    isempty(found.reasons) || return Judge.trial_apart(name, peer, oracle, progress, waiting)
    # Methods of its own on Julia's functions, for its own types: fine where the tests are about these types.
    progress(0.0)
    text = oracle()
    if names_types(text, found.extended)
        stop()
        return Judge.trial(Screen.shield(tree, found, Main), name, () -> text, seconds -> nothing)
    end
    return Judge.trial_apart(name, peer, () -> text, seconds -> nothing, waiting)
end

"Whether the tests name all these types. Tests that do not parse name none; that comes out later."
function names_types(text::String, types)
    tree = try
        Source.parse_all(text, Judge.ORACLE)
    catch fault
        fault isa Source.SyntaxFault || rethrow()
        return false
    end
    return all(owner -> OracleNames.names_type(tree, owner), types)
end

function why_apart(found)
    isempty(found.reasons) || return string("the code ", first(found.reasons), ", so the tests see only plain values of it")
    return string("the code gives its own type `", first(found.extended), "`, which the tests do not name as a type, ",
                  "methods of Julia's functions, so the tests see only plain values of it")
end

"""
Fork the process that holds the candidate: the peer to talk to it, a function that waits for its end and gives its
status, one that ends it.
"""
function candidate_process(tree::Expr, job, settings::Settings, secrets, why::String)
    to_r, to_w = System.pipe()
    from_r, from_w = System.pipe()
    pid = System.fork()
    if pid == 0
        input, pipe, witness = secrets
        statm = System.open_statm()
        System.send_fd(witness, statm)
        foreach(System.close_fd, (statm, witness, input, pipe, to_w, from_r))
        serve_candidate(tree, job, settings, to_r, from_w)
    end
    foreach(System.close_fd, (to_r, from_w, secrets[3]))
    pid > 0 || error("no process for the candidate")
    peer = Referee.Peer(from_r, to_w, Any[], nothing, why, false)
    return peer, () -> something(System.wait_child(pid, true), 0), () -> System.kill(pid)
end

"The same by a process that was started ahead (spare.jl): our parent has it, and knows how it ends."
function candidate_in_spare(tree::Expr, job, settings::Settings, secrets, why::String)
    _, pipe, socket = secrets
    say(pipe, PEER)
    to_w, from_r = System.receive_fd(socket), System.receive_fd(socket)
    to_w >= 0 && from_r >= 0 || error("no process for the candidate")
    Wire.write_frame(to_w, Dict{String,Any}("code" => job["code"], "jit" => job["jit"]))
    peer = Referee.Peer(from_r, to_w, Any[], nothing, why, false)
    function waiting()
        say(pipe, ENDED)
        status = Wire.read_exactly(socket, 8)
        return status === nothing ? 0 : Int(reinterpret(Int64, status)[1])
    end
    return peer, waiting, () -> foreach(System.close_fd, (to_w, from_r, socket))
end

"The candidate's process from here on; never returns."
function serve_candidate(tree::Expr, job, settings::Settings, input::Cint, output::Cint)
    confine!(settings, Int(job["memory_bytes"]), Int(job["file_bytes"])) || System.exit_now(96)
    Judge.serve_candidate(tree, input, output)
    flush_output()
    System.exit_now(0)
end
function serve_candidate(message::Dict{String,Any}, job, settings::Settings, input::Cint, output::Cint)
    tree = Source.parse_all(message["code"]::String, Judge.CANDIDATE)
    System.set_compiler!(!(message["jit"]::Bool))
    return serve_candidate(tree, job, settings, input, output)
end

function enter!(settings::Settings, job::Dict{String,Any}, pipe::Cint)
    confine!(settings, Int(job["memory_bytes"]), Int(job["file_bytes"])) || System.exit_now(96)
    return say(pipe, CONFINED)
end

function read_oracle(input::Cint, pipe::Cint)
    message = Wire.read_frame(input)
    (message === nothing || !haskey(message, "source")) && System.exit_now(95)
    System.close_fd(input)
    say(pipe, READY)
    return message["source"]::String
end

function count(job::Dict{String,Any}, settings::Settings, input::Cint, pipe::Cint)
    enter!(settings, job, pipe)
    say_loaded(pipe, 0.0)
    return Judge.count_checks(read_oracle(input, pipe))
end

"The speed of a call. What it reports is the candidate's own word: for ranking, not for proof."
function measured(job::Dict{String,Any}, settings::Settings, input::Cint, pipe::Cint)
    System.set_option!(:opt_level, 2)
    System.set_option!(:check_bounds, 0)
    tree = try
        Source.parse_all(job["code"]::String, Judge.CANDIDATE)
    catch fault
        fault isa Source.SyntaxFault || rethrow()
        return Judge.load_report(fault, nothing, 0.0, 0.0)
    end
    enter!(settings, job, pipe)
    say_loaded(pipe, 0.0)
    return Judge.measure(tree, read_oracle(input, pipe), 0.5 * Float64(job["seconds"]))
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
