# The trial worker: a warm Julia that forks one child per candidate.
#
# Started by `worker.py` as `julia … zygote.jl`, with frames (wire.jl) on standard input and output. It greets,
# is told its limits, and then for each trial:
#   read "trial" → fork → the child reads "oracle" straight from the input, so that this process (and every
#   later child) never holds it → the child confines itself, loads, judges and reports through a pipe →
#   this process watches time, memory, output and files, kills and sweeps, and answers with "verdict".
# Nothing that a candidate wrote ever runs in this process.

module JuliaAotTrialWorker

const HERE = @__DIR__
include(joinpath(HERE, "wire.jl"))
include(joinpath(HERE, "system.jl"))
include(joinpath(HERE, "source.jl"))
include(joinpath(HERE, "checks.jl"))
include(joinpath(HERE, "screen.jl"))
include(joinpath(HERE, "plain.jl"))
include(joinpath(HERE, "referee.jl"))
include(joinpath(HERE, "judge.jl"))
include(joinpath(HERE, "child.jl"))
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
    System.dup_to(null, 0)
    System.dup_to(2, 1)
    System.adopt_orphans()
    Wire.write_frame(output, Dict{String,Any}("type" => "hello", "protocol" => PROTOCOL, "worker" => "trial",
                                              "julia" => string(VERSION)))
    init = Wire.read_frame(input)
    init === nothing && return
    settings = Child.Settings(init)
    warmed = Warm.up(settings)
    Wire.write_frame(output, merge!(warmed, Dict{String,Any}("type" => "ready")))
    while true
        message = Wire.read_frame(input)
        message === nothing && break
        kind = get(message, "type", "")
        if kind == "trial"
            answer = Watch.run(message, settings, input, output)
            answer === nothing && break
            Wire.write_frame(output, answer) || break
        elseif kind == "stop"
            break
        end # anything else: a cancel that came after its trial had ended
    end
    System.sweep()
    return
end

end
