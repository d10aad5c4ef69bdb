# What a forked child does between the fork and its report.

module Child

using ..Wire, ..System, ..Judge

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

"Run in the child; never returns. `report` is the pipe to the parent, `input` where the oracle comes from."
function run(job::Dict{String,Any}, settings::Settings, input::Cint, report::Cint, out::Cint)
    code = 98
    try
        take_streams!(out)
        System.close_fd(101)
        jit = job["jit"]::Bool
        System.set_compiler!(!jit)
        confine!(settings, Int(job["memory_bytes"]), Int(job["file_bytes"])) || System.exit_now(96)
        oracle = function ()
            message = Wire.read_frame(input)
            message === nothing && System.exit_now(95)
            System.close_fd(input)
            Wire.write_frame(report, Dict{String,Any}("type" => "ready"))
            return message["source"]::String
        end
        progress = seconds -> Wire.write_frame(report, Dict{String,Any}("type" => "loaded", "load_seconds" => seconds))
        Wire.write_frame(report, Dict{String,Any}("type" => "confined"))
        result = get(job, "count", false) === true ? count(oracle, progress) : Judge.trial(job["code"], Symbol(job["name"]), oracle, progress)
        flush_output()
        Wire.write_frame(report, result)
        code = 0
    catch fault
        message = Judge.fault_record(fault, catch_backtrace())
        Wire.write_frame(report, Dict{String,Any}("type" => "broken", "error" => message))
    end
    System.exit_now(code)
end

function count(oracle, progress)
    progress(0.0)
    return Judge.count_checks(oracle())
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
