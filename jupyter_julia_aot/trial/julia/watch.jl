# The parent's side of one trial: fork, watch the limits, end it, clean up.

module Watch

using ..Wire, ..System, ..Child

const STEP_MS = 20
const FILES_EVERY = 5           # looks at the scratch folder every so many steps
const MOST_FILES = 1000

mutable struct Outcome
    report::Union{Nothing,Dict{String,Any}}
    killed::String              # why it was killed: "", "timeout", "memory", "files", "cancelled"
    status::Int
    loaded::Union{Nothing,Float64}
    output::Vector{UInt8}
    output_bytes::Int           # printed in all, kept or not
    peak::Int                   # largest growth of resident memory seen
    gone::Bool                  # the other side closed our input
    confined::Bool              # whether the candidate's code had begun
    in_step::Bool               # whether what the other side has sent was read to its end
end

"Answer for one trial; nothing when the other side is gone."
function run(job::Dict{String,Any}, settings::Child.Settings, input::Cint, output::Cint)
    start = time_ns()
    outcome = attempt(job, settings, input, output, start)
    outcome.gone && return nothing
    answer = Dict{String,Any}("type" => "verdict", "id" => job["id"], "killed" => outcome.killed,
                              "status" => outcome.status, "loaded" => outcome.loaded,
                              "output" => outcome.output, "output_bytes" => outcome.output_bytes,
                              "peak_bytes" => outcome.peak, "report" => outcome.report, "confined" => outcome.confined,
                              "in_step" => outcome.in_step,
                              "seconds" => (time_ns() - start) / 1e9)
    return answer
end

function attempt(job::Dict{String,Any}, settings::Child.Settings, input::Cint, output::Cint, start::UInt64)
    report_r, report_w = System.pipe()
    out_r, out_w = System.pipe()
    ours, theirs = System.socket_pair()
    pid = System.fork()
    if pid == 0
        System.close_fd(report_r)
        System.close_fd(out_r)
        System.close_fd(ours)
        statm = System.open_statm()
        System.send_fd(theirs, statm)
        System.close_fd(statm)
        Child.run(job, settings, input, report_w, out_w, theirs)
    end
    System.close_fd(report_w)
    System.close_fd(out_w)
    System.close_fd(theirs)
    outcome = Outcome(nothing, pid < 0 ? "nofork" : "", 0, nothing, UInt8[], 0, 0, false, false, true)
    pid < 0 || watch!(outcome, pid, job, settings, Cint[report_r, out_r, input, ours], output, start)
    foreach(System.close_fd, (report_r, out_r, ours))
    System.sweep()
    empty_folder(settings.work)
    return outcome
end

"Resident memory that the trial's processes took beyond what they were forked with."
function growth(witnesses)
    total = 0
    for (statm, baseline) in witnesses
        total += max(0, first(System.memory(statm)) - baseline)
    end
    return total
end

"`fds`: the child's report, its output, our input, and where processes show their memory; -1 is not watched."
function watch!(o::Outcome, pid::Cint, job, settings::Child.Settings, fds::Vector{Cint}, output::Cint, start::UInt64)
    deadline = start + round(UInt64, Float64(job["seconds"]) * 1e9)
    limit, file_limit = Int(job["memory_bytes"]), Int(job["file_bytes"])
    report, out, input, ours = fds
    witnesses = Tuple{Cint,Int}[]
    pending = UInt8[]
    steps = 0
    ended = false
    while !ended
        ready = System.poll(fds, STEP_MS)
        if ready[2]
            part = System.read_some(out)
            if part === nothing || isempty(part)
                fds[2] = -1
            else
                keep!(o, part, settings.output_bytes)
            end
        end
        if ready[1]
            part = System.read_some(report)
            if part === nothing || isempty(part)
                ended = true
            else
                append!(pending, part)
                for kind in take_messages!(o, pending)
                    # "loaded": the other side now sends the oracle, which the child reads from our input;
                    # when it says "ready", the input is ours to watch again.
                    if kind == "loaded"
                        fds[3] = -1
                        Wire.write_frame(output, Dict{String,Any}("type" => "loaded", "id" => job["id"]))
                    elseif kind == "ready"
                        fds[3] = input
                    end
                end
                o.report === nothing || (ended = true)
            end
        end
        if ready[4]
            statm = System.receive_fd(ours)
            statm < 0 ? (fds[4] = -1) : push!(witnesses, (statm, first(System.memory(statm))))
        end
        if ready[3]
            # A cancel, or the end of the other side.
            message = Wire.read_frame(input)
            o.gone = message === nothing
            o.killed = "cancelled"
            ended = true
        end
        steps += 1
        ended || time_ns() < deadline || (o.killed = "timeout"; ended = true)
        if !ended
            o.peak = max(o.peak, growth(witnesses))
            o.peak > limit && (o.killed = "memory"; ended = true)
            steps % FILES_EVERY == 0 && folder_full(settings.work, file_limit) && (o.killed = "files"; ended = true)
        end
    end
    # A report is the last thing a child does; whatever it is up to now is not waited for.
    isempty(o.killed) && o.report === nothing || System.kill(pid)
    o.in_step = fds[3] >= 0
    status = System.wait_child(pid, true)
    o.status = status === nothing ? -1 : status
    foreach(w -> System.close_fd(w[1]), witnesses)
    drain!(o, out, settings.output_bytes, fds[2] >= 0)
    return
end

function keep!(o::Outcome, part::Vector{UInt8}, most::Int)
    room = most - length(o.output)
    room > 0 && append!(o.output, length(part) <= room ? part : part[1:room])
    o.output_bytes += length(part)
    return
end

function drain!(o::Outcome, out::Cint, most::Int, open::Bool)
    while open && System.poll(Cint[out], 0)[1]
        part = System.read_some(out)
        (part === nothing || isempty(part)) && break
        keep!(o, part, most)
    end
    return
end

"Take whole frames off the front of `pending`; their kinds."
function take_messages!(o::Outcome, pending::Vector{UInt8})
    kinds = String[]
    while length(pending) >= 4
        n = (Int(pending[1]) << 24) | (Int(pending[2]) << 16) | (Int(pending[3]) << 8) | Int(pending[4])
        length(pending) >= 4 + n || break
        message = Wire.unpack(pending[5:(4 + n)])
        deleteat!(pending, 1:(4 + n))
        if message["type"] == "loaded"
            o.loaded = Float64(message["load_seconds"])
        elseif message["type"] == "confined"
            o.confined = true
        elseif message["type"] != "ready"
            o.report = message
        end
        push!(kinds, message["type"])
    end
    return kinds
end

# ---------------------------------------------------------------- the scratch folder

function folder_full(path::String, bytes::Int)
    total, count = 0, 0
    for (folder, _, files) in walkdir(path; onerror = _ -> nothing)
        for file in files
            count += 1
            total += lstat(joinpath(folder, file)).size
        end
        count += 1
        (total > bytes || count > MOST_FILES) && return true
    end
    return false
end

function empty_folder(path::String)
    entries = readdir(path)
    isempty(entries) && return
    for entry in entries
        whole = joinpath(path, entry)
        ccall(:chmod, Cint, (Cstring, Cuint), whole, 0o700)
        rm(whole; force = true, recursive = true)
    end
    return
end

end
