# The parent's side of one trial: fork, watch the limits, end it, clean up.

module Watch

using ..Wire, ..System, ..Child, ..Spare

const STEP_MS = 20
const FILES_EVERY = 5           # looks at the scratch folder every so many steps
const MOST_FILES = 1000
const EXCHANGE_NS = UInt64(60_000_000_000)   # longest wait for a child that reads from the other side

mutable struct Outcome
    killed::String              # why it was killed: "", "timeout", "memory", "files", "cancelled"
    status::Int                 # waitpid's
    loaded::Union{Nothing,Float64}
    printed::Int                # bytes printed in all, kept or not
    peak::Int                   # largest growth of resident memory seen
    gone::Bool                  # the other side closed our input
    confined::Bool              # whether the candidate's code had begun
    in_step::Bool               # whether what the other side has sent was read to its end
    peer::Union{Nothing,Spare.Process}  # the candidate's own process, where that is a spare
    asked::Bool                 # the child wants to know how that process ended
    waited::UInt64              # ns spent on getting one, which are not the candidate's
end

# Reports and output lie in these and nowhere else, and are wiped after use: a later child must not find
# in its memory what the tests said about an earlier one.
mutable struct Held
    bytes::Vector{UInt8}
    used::Int
end
const REPORT = Held(zeros(UInt8, 1 << 20), 0)
const OUTPUT = Held(UInt8[], 0)
const NOTES = Held(zeros(UInt8, 64), 0)         # notes of the child not yet complete

function wipe!(held::Held)
    fill!(held.bytes, 0x00)
    held.used = 0
    return
end

"Answer for one trial; nothing when the other side is gone. `relay!` must follow."
function run(job::Dict{String,Any}, settings::Child.Settings, input::Cint, output::Cint)
    start = time_ns()
    length(OUTPUT.bytes) == settings.output_bytes || (OUTPUT.bytes = zeros(UInt8, settings.output_bytes))
    o = attempt(job, settings, input, output, start)
    o.gone && return nothing
    return Dict{String,Any}("type" => "verdict", "id" => job["id"], "killed" => o.killed, "status" => o.status,
                            "loaded" => o.loaded, "printed" => o.printed, "peak_bytes" => o.peak,
                            "confined" => o.confined, "in_step" => o.in_step, "seconds" => (time_ns() - start) / 1e9,
                            "reported" => REPORT.used > 0)
end

"Send on what the child reported, if it did, and what it printed; then forget both."
function relay!(output::Cint)
    n = OUTPUT.used
    head = UInt8[0, 0, 0, 0, 0xc6, 0, 0, 0, 0]      # a frame with one MessagePack byte string
    for i in 0:3
        head[4 - i] = ((n + 5) >> (8i)) % UInt8
        head[9 - i] = (n >> (8i)) % UInt8
    end
    ok = (REPORT.used == 0 || Wire.write_all(output, REPORT.bytes, REPORT.used)) &&
         Wire.write_all(output, head) && Wire.write_all(output, OUTPUT.bytes, n)
    foreach(wipe!, (REPORT, OUTPUT, NOTES))
    return ok
end

function attempt(job::Dict{String,Any}, settings::Child.Settings, input::Cint, output::Cint, start::UInt64)
    pid, note_r, out_r, ours = settings.forks ? fork_child(job, settings, input) : spare_child(job)
    o = Outcome(pid < 0 ? "nofork" : "", 0, nothing, 0, 0, false, false, pid >= 0, nothing, false, 0)
    settings.forks || (start = time_ns())
    pid < 0 || watch!(o, pid, job, settings, Cint[note_r, out_r, -1, ours, -1], input, output, start)
    foreach(fd -> fd >= 0 && System.close_fd(fd), (note_r, out_r, ours))
    o.peer === nothing || Spare.close!(o.peer)
    System.sweep(Spare.pids())
    empty_folder(settings.work)
    settings.forks || Spare.refill!()
    return o
end

"Fork a child that runs the job: its id, and our ends of its notes, its output and its socket."
function fork_child(job::Dict{String,Any}, settings::Child.Settings, input::Cint)
    note_r, note_w = System.pipe()
    out_r, out_w = System.pipe()
    ours, theirs = System.socket_pair()
    pid = System.fork()
    if pid == 0
        foreach(System.close_fd, (note_r, out_r, ours))
        statm = System.open_statm()
        System.send_fd(theirs, statm)
        System.close_fd(statm)
        Child.run(job, settings, input, note_w, out_w, theirs)
    end
    foreach(System.close_fd, (note_w, out_w, theirs))
    return pid, note_r, out_r, ours
end

"The same with a process that was started ahead."
function spare_child(job::Dict{String,Any})
    p = Spare.take!(merge(job, Dict{String,Any}("role" => "tests")))
    p === nothing && return Cint(-1), Cint(-1), Cint(-1), Cint(-1)
    foreach(System.close_fd, (p.work, p.to, p.from))
    return p.pid, p.notes, p.printed, p.socket
end

"""
Watch a child to its end. `fds`: its notes, its output, our input, where processes show their memory, the output of
the candidate's own process if that is a spare; one that is -1 is not watched. The input is watched except while the
child itself reads from it.
"""
function watch!(o::Outcome, pid::Cint, job, settings::Child.Settings, fds::Vector{Cint}, input::Cint, output::Cint,
                start::UInt64)
    # The clock runs while the candidate does, not while a busy machine starts its process or the tests come.
    allowed = round(UInt64, Float64(job["seconds"]) * 1e9)
    deadline = typemax(UInt64)
    limit, file_limit = Int(job["memory_bytes"]), Int(job["file_bytes"])
    notes, out, ours = fds[1], fds[2], fds[4]
    witnesses = Tuple{Cint,Int}[]
    steps = 0
    ended = false
    while !ended
        ready = System.poll(fds, STEP_MS)
        ready[2] && !keep!(o, out) && (fds[2] = -1)
        ready[5] && !keep!(o, fds[5]) && (fds[5] = -1)
        if ready[4]
            statm = System.receive_fd(ours)
            statm < 0 ? (fds[4] = -1) : push!(witnesses, (statm, first(System.memory(statm))))
        end
        if ready[1]
            ended = !take_notes!(o, notes, fds, input, output, job, witnesses)
        elseif ready[3]
            # A cancel, or the end of the other side.
            o.gone = Wire.read_frame(input) === nothing
            o.killed = "cancelled"
            ended = true
        end
        steps += 1
        deadline == typemax(UInt64) && fds[3] >= 0 && (deadline = time_ns() + allowed)
        o.asked && answer_ended!(o, ours)
        latest = (fds[3] >= 0 ? deadline : start + allowed + EXCHANGE_NS) + o.waited
        ended |= !isempty(o.killed)
        ended || time_ns() < latest || (o.killed = "timeout"; ended = true)
        if !ended
            o.peak = max(o.peak, growth(witnesses))
            o.peak > limit && (o.killed = "memory"; ended = true)
            steps % FILES_EVERY == 0 && folder_full(settings.work, file_limit) && (o.killed = "files"; ended = true)
        end
    end
    # A report is the last thing a child does; whatever it is up to now is not waited for.
    isempty(o.killed) && REPORT.used == 0 || System.kill(pid)
    isempty(o.killed) || wipe!(REPORT)
    o.in_step = fds[3] >= 0
    o.status = something(System.wait_child(pid, true), -1)
    foreach(w -> System.close_fd(w[1]), witnesses)
    for fd in (fds[2], fds[5])
        while fd >= 0 && System.poll(Cint[fd], 0)[1] && keep!(o, fd)
        end
    end
    return
end

"Resident memory that the trial's processes took beyond what they were forked with."
function growth(witnesses)
    total = 0
    for (statm, baseline) in witnesses
        total += max(0, first(System.memory(statm)) - baseline)
    end
    return total
end

const OVERFLOW = zeros(UInt8, 1 << 16)
"Read some output, keeping what fits; false at its end."
function keep!(o::Outcome, out::Cint)
    full = OUTPUT.used >= length(OUTPUT.bytes)
    n = full ? System.read_into!(OVERFLOW, 1, out) : System.read_into!(OUTPUT.bytes, OUTPUT.used + 1, out)
    n > 0 || return false
    full || (OUTPUT.used += n)
    o.printed += n
    return true
end

"Take the child's notes; false when it has reported, or closed the pipe."
function take_notes!(o::Outcome, pipe::Cint, fds::Vector{Cint}, input::Cint, output::Cint, job, witnesses)
    # One byte: what follows a note must not be read before it is known where it goes.
    read_all!(1, pipe) || return false
    kind = NOTES.bytes[1]
    if kind == Child.GOT || kind == Child.READY
        fds[3] = input
    elseif kind == Child.CONFINED
        o.confined = true
    elseif kind == Child.LOADED
        read_all!(8, pipe) || return false
        o.loaded = reinterpret(Int64, NOTES.bytes[1:8])[1] / 1e9
        # The other side now sends the oracle, which the child reads from our input.
        fds[3] = -1
        Wire.write_frame(output, Dict{String,Any}("type" => "loaded", "id" => job["id"]))
    elseif kind == Child.PEER && o.peer === nothing
        give_peer!(o, fds, job, witnesses)
    elseif kind == Child.ENDED
        o.asked = true
    elseif kind == Child.REPORT
        read_report!(pipe)
        return false
    end
    return true
end

"Hand the child the ends of a spare that will hold the candidate."
function give_peer!(o::Outcome, fds::Vector{Cint}, job, witnesses)
    start = time_ns()
    p = Spare.take!(merge(job, Dict{String,Any}("role" => "candidate")))
    if p === nothing
        o.killed = "nofork"
        return
    end
    o.peer, fds[5] = p, p.printed
    System.send_fd(fds[4], p.to)
    System.send_fd(fds[4], p.from)
    foreach(System.close_fd, (p.work, p.to, p.from))
    p.work = p.to = p.from = Cint(-1)
    statm = System.receive_fd(p.socket)
    statm < 0 || push!(witnesses, (statm, first(System.memory(statm))))
    o.waited = time_ns() - start
    return
end

"Tell the child how the candidate's process ended, once it has."
function answer_ended!(o::Outcome, socket::Cint)
    status = o.peer === nothing ? 0 : System.wait_child(o.peer.pid)
    status === nothing && return
    o.asked = false
    Wire.write_all(socket, collect(reinterpret(UInt8, Int64[status])))
    return
end

"Read exactly `n` bytes of notes."
function read_all!(n::Int, pipe::Cint)
    done = 0
    while done < n
        got = System.read_part!(NOTES.bytes, done + 1, n - done, pipe)
        got > 0 || return false
        done += got
    end
    return true
end

"Read a report, a whole frame, without looking into it; no report when it is longer than any can be."
function read_report!(pipe::Cint)
    read_all!(4, pipe) || return
    n = 0
    for i in 1:4
        n = (n << 8) | Int(NOTES.bytes[i])
    end
    n + 4 <= length(REPORT.bytes) || return
    copyto!(REPORT.bytes, 1, NOTES.bytes, 1, 4)
    done = 0
    while done < n
        got = System.read_part!(REPORT.bytes, 5 + done, n - done, pipe)
        got > 0 || return wipe!(REPORT)
        done += got
    end
    REPORT.used = n + 4
    return
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

"Empty the scratch folder, whatever a candidate did to its permissions."
function empty_folder(path::String)
    ccall(:chmod, Cint, (Cstring, Cuint), path, 0o700)
    for entry in readdir(path)
        whole = joinpath(path, entry)
        if isdir(whole) && !islink(whole)
            empty_folder(whole)
            ccall(:rmdir, Cint, (Cstring,), whole)
        else
            ccall(:unlink, Cint, (Cstring,), whole)
        end
    end
    return
end

end
