# Where forking a warm Julia is not safe: processes started ahead, each of which waits for one trial and ends with it.
#
# A spare has what a forked child has, under fixed numbers: the other side's input (100), notes to its parent, what it
# prints, a socket to show its memory on, and a pipe with its work. A candidate that needs a process of its own gets a
# second spare; the two talk through pipes whose ends the parent hands to the first. Verdicts are the same, each trial
# just costs the start of a Julia, in the background.

module Spare

using ..Wire, ..System, ..Child

const WORK, NOTES, PRINTED, SOCKET, TO, FROM = Cint(110), Cint(111), Cint(112), Cint(113), Cint(114), Cint(115)
const AHEAD = 2     # a trial needs at most so many
const READY = UInt8('S')

"A process that waits. Descriptors are the parent's ends; `to` and `from` lead to a candidate in it."
mutable struct Process
    pid::Cint
    work::Cint
    notes::Cint
    printed::Cint
    socket::Cint
    to::Cint
    from::Cint
end

const WAITING = Process[]
const INIT = Ref{Dict{String,Any}}()

pids() = Cint[p.pid for p in WAITING]

function close!(p::Process)
    for fd in (p.work, p.notes, p.printed, p.socket, p.to, p.from)
        fd >= 0 && System.close_fd(fd)
    end
    return
end

# ---------------------------------------------------------------- the parent's side

"Start as many as one trial may need."
function refill!()
    while length(WAITING) < AHEAD
        push!(WAITING, start())
    end
    return
end

function start()
    work, work_w = System.pipe()
    notes_r, notes = System.pipe()
    printed_r, printed = System.pipe()
    ours, theirs = System.socket_pair()
    to_r, to_w = System.pipe()
    from_r, from_w = System.pipe()
    inside = (work => WORK, notes => NOTES, printed => PRINTED, theirs => SOCKET, to_r => TO, from_w => FROM)
    pid = System.spawn(push!(own_command(), "spare"), inside)
    foreach(pair -> System.close_fd(first(pair)), inside)
    p = Process(pid, work_w, notes_r, printed_r, ours, to_w, from_r)
    pid > 0 || (close!(p); error("no process for a trial"))
    Wire.write_frame(work_w, INIT[])
    return p
end

"How this process was started: the words of its command line."
own_command() = String[String(word) for word in split(System.read_proc("/proc/self/cmdline"), '\0'; keepempty = false)]

"One that is ready for `job`, waited for; nothing when it did not come up."
function take!(job::Dict{String,Any})
    # None is started ahead while a trial runs: it would take processor time from the candidate.
    p = isempty(WAITING) ? start() : popfirst!(WAITING)
    byte = Wire.read_exactly(p.notes, 1)
    if byte === nothing || byte[1] != READY || !Wire.write_frame(p.work, job)
        System.kill(p.pid)
        System.wait_child(p.pid, true)
        close!(p)
        return nothing
    end
    return p
end

# ---------------------------------------------------------------- the spare's side

function main(prepare)
    System.die_with_parent()
    System.close_fd(101)
    null = System.open_fd("/dev/null", 2)
    System.dup_to(null, 0)
    System.dup_to(2, 1)
    init = Wire.read_frame(WORK)
    init === nothing && return
    settings = Child.Settings(init)
    prepare()
    Child.say(NOTES, READY)
    job = Wire.read_frame(WORK)
    job === nothing && return
    statm = System.open_statm()
    System.send_fd(SOCKET, statm)
    foreach(System.close_fd, (statm, WORK))
    if job["role"] == "candidate"
        foreach(System.close_fd, (Cint(100), NOTES, SOCKET))
        Child.take_streams!(PRINTED)
        message = Wire.read_frame(TO)
        message === nothing || Child.serve_candidate(message, job, settings, TO, FROM)
    else
        foreach(System.close_fd, (TO, FROM))
        Child.run(job, settings, Cint(100), NOTES, PRINTED, SOCKET)
    end
    return
end

end
