# The trial worker: a warm Julia that forks one child per candidate.
#
# Started by `worker.py` as `julia … zygote.jl`, with frames (wire.jl) on standard input and output. It greets,
# is told its limits, and then for each trial:
#   read "trial" → fork → the child reads "candidate" straight from the input, confines itself, loads it → reads
#   "oracle" the same way → judges and reports through a pipe → this process, which meanwhile watches time,
#   memory, output and files, kills, sweeps, answers with "verdict", and passes report and output on.
# No code of a candidate ever runs in this process, and no text of candidates or tests stays in it: its
# memory is what every later child starts with.

module JuliaAotTrialWorker

const HERE = @__DIR__
include(joinpath(HERE, "wire.jl"))
include(joinpath(HERE, "system.jl"))
include(joinpath(HERE, "parse_faults.jl"))
include(joinpath(HERE, "source.jl"))
include(joinpath(HERE, "checks.jl"))
include(joinpath(HERE, "oracle_names.jl"))
include(joinpath(HERE, "screen.jl"))
include(joinpath(HERE, "plain.jl"))
include(joinpath(HERE, "referee.jl"))
include(joinpath(HERE, "judge.jl"))
include(joinpath(HERE, "child.jl"))
include(joinpath(HERE, "spare.jl"))
include(joinpath(HERE, "watch.jl"))
include(joinpath(HERE, "warm.jl"))

using .Wire, .System

const PROTOCOL = 1

function main()
    input, output = Cint(100), Cint(101)
    System.dup_to(0, input)
    System.dup_to(1, output)
    System.set_blocking!(input)
    System.set_blocking!(output)
    null = System.open_fd("/dev/null", 2)
    # libuv keeps duplicates of the standard streams: a child must not find our channels there.
    ends = (System.fd_target(input), System.fd_target(output), System.fd_target(2))
    for fd in System.open_descriptors(99)
        System.fd_target(fd) in ends && System.dup_to(null, fd)
    end
    System.dup_to(null, 0)
    System.dup_to(2, 1)
    System.adopt_orphans()
    Wire.write_frame(output, Dict{String,Any}("type" => "hello", "protocol" => PROTOCOL, "worker" => "trial",
                                              "julia" => string(VERSION)))
    init = Wire.read_frame(input)
    init === nothing && return
    settings = Child.Settings(init)
    warmed = settings.forks ? Warm.up(settings, get(init, "proven", false) === true) : start_spares!(init)
    warmed["type"] = "ready"
    Wire.write_frame(output, warmed)
    while true
        message = Wire.read_frame(input)
        message === nothing && break
        kind = get(message, "type", "")
        if kind == "trial"
            answer = Watch.run(message, settings, input, output)
            answer === nothing && break
            Wire.write_frame(output, answer) && Watch.relay!(output) || break
        elseif kind == "stop"
            break
        end # anything else: a cancel that came after its trial had ended
    end
    System.sweep()
    return
end

function start_spares!(init)
    Spare.INIT[] = init
    Spare.refill!()
    return Dict{String,Any}("landlock" => System.landlock_abi() >= 1, "image" => Warm.PREPARED[], "forks" => false)
end

spare() = Spare.main(Warm.up_without_forks)

end
