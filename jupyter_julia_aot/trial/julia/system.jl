# System calls for a warm Julia that forks: the fork itself (with a private JIT for the child), the
# child's confinement, descriptors, limits, and looking after children.

module System

const MAP_SHARED = Cint(0x01)
const MAP_FIXED = Cint(0x10)
const O_CLOEXEC = Cint(0o2000000)
const MFD_CLOEXEC = Cuint(1)
const SIGKILL = Cint(9)
const WNOHANG = Cint(1)
const POLLIN = Int16(1)
const POLLHUP = Int16(16)

const SYS_memfd_create = Sys.ARCH === :aarch64 ? 279 : 319
const SYS_landlock_create_ruleset = 444
const SYS_landlock_add_rule = 445
const SYS_landlock_restrict_self = 446

# ---------------------------------------------------------------- descriptors

close_fd(fd) = ccall(:close, Cint, (Cint,), fd)
dup_to(from, to) = ccall(:dup2, Cint, (Cint, Cint), from, to)

"Wait in reads and writes (libuv made Julia's standard streams do otherwise)."
function set_blocking!(fd::Integer)
    flags = ccall(:fcntl, Cint, (Cint, Cint), fd, 3)
    return ccall(:fcntl, Cint, (Cint, Cint, Cint), fd, 4, flags & ~Cint(0o4000)) == 0
end

"Both ends of a new pipe, closed in programs that are executed: (read, write)."
function pipe()
    ends = Vector{Cint}(undef, 2)
    ccall(:pipe2, Cint, (Ptr{Cint}, Cint), ends, O_CLOEXEC) == 0 || error("pipe: no descriptors left")
    return ends[1], ends[2]
end

function open_fd(path::String, flags::Integer)
    return ccall(:open, Cint, (Cstring, Cint), path, Cint(flags) | O_CLOEXEC)
end

const LINK_BUFFER = Vector{UInt8}(undef, 512)
function fd_target(fd::Integer)
    n = ccall(:readlink, Cssize_t, (Cstring, Ptr{UInt8}, Csize_t), string("/proc/self/fd/", fd), LINK_BUFFER, 512)
    return n <= 0 ? "" : String(LINK_BUFFER[1:n])
end

"Read into `buffer` from position `at` on; how many bytes, 0 at the end, negative for an error."
function read_into!(buffer::Vector{UInt8}, at::Int, fd::Integer)
    room = length(buffer) - at + 1
    return Int(GC.@preserve buffer ccall(:read, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, pointer(buffer, at), room))
end

"Read at most `n` bytes into `buffer` from position `at` on."
function read_part!(buffer::Vector{UInt8}, at::Int, n::Int, fd::Integer)
    n <= length(buffer) - at + 1 || return -1
    return Int(GC.@preserve buffer ccall(:read, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, pointer(buffer, at), n))
end

"A small file of /proc as text; empty when it cannot be read."
function read_proc(path::String)
    fd = open_fd(path, 0)
    fd < 0 && return ""
    out = Vector{UInt8}(undef, 1 << 14)
    done = 0
    while true
        n = read_into!(out, done + 1, fd)
        n <= 0 && break
        done += n
        length(out) - done < 4096 && resize!(out, 2 * length(out))
    end
    close_fd(fd)
    return String(resize!(out, done))
end

"""
The open descriptors from 3 to `last`. As /proc lists them: a look at every number there may be is hundreds of system
calls, each of which a sandbox may want to see, and was most of a worker's start.
"""
function open_descriptors(last::Int)
    found = Cint[]
    for name in readdir("/proc/self/fd")
        fd = parse(Cint, name)
        3 <= fd <= last && push!(found, fd)
    end
    return sort!(found)
end

# ---------------------------------------------------------------- fork

# Julia writes machine code through one of two things that a fork would share with the parent:
#  1. a descriptor of /proc/self/mem, which in the child still means the parent's memory;
#  2. a memory file mapped twice (readable-executable, and writable), MAP_SHARED.
# A child that compiles would write into its parent and its siblings. So, first thing after the fork and
# before anything is compiled: 1. is replaced by the child's own /proc/self/mem, 2. by a copy of the file,
# mapped at the same addresses. (From reading how Julia's code memory manager works; the self-test in
# zygote.jl checks that it holds for the Julia at hand.)
mutable struct CodeMemory
    self_mem::Vector{Cint}
    memory_files::Vector{Cint}
end
const CODE_MEMORY = CodeMemory(Cint[], Cint[])

# The event loop waits in an epoll descriptor, which a fork shares too. (libuv's own `uv_loop_fork` does what
# is done below, but not every libjulia contains it.)
mutable struct EventLoop
    epolls::Vector{Cint}
    eventfds::Vector{Cint}
    watched::Vector{Tuple{Cint,Cint,UInt32,UInt64}}   # (epoll, descriptor, events, data)
    pipes::Vector{Tuple{Cint,Cint}}                   # both ends of the loop's own pipes
end
const EVENT_LOOP = EventLoop(Cint[], Cint[], Tuple{Cint,Cint,UInt32,UInt64}[], Tuple{Cint,Cint}[])

"Find the event loop's descriptors and what they watch. In the parent."
function find_event_loop!()
    foreach(empty!, (EVENT_LOOP.epolls, EVENT_LOOP.eventfds, EVENT_LOOP.watched, EVENT_LOOP.pipes))
    readers = Dict{String,Cint}()
    for fd in open_descriptors(99)
        target = fd_target(fd)
        if target == "anon_inode:[eventpoll]"
            push!(EVENT_LOOP.epolls, fd)
            for line in split(read_proc(string("/proc/self/fdinfo/", fd)), '\n')
                found = match(r"^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)\s+data:\s*([0-9a-f]+)", line)
                found === nothing && continue
                tfd, events, data = found.captures
                push!(EVENT_LOOP.watched, (Cint(fd), parse(Cint, tfd), parse(UInt32, events, base = 16),
                                           parse(UInt64, data, base = 16)))
            end
        elseif target == "anon_inode:[eventfd]"
            push!(EVENT_LOOP.eventfds, fd)
        elseif startswith(target, "pipe:")
            # The reading end has the lower number: pipes are made that way.
            haskey(readers, target) ? push!(EVENT_LOOP.pipes, (readers[target], fd)) : (readers[target] = fd)
        end
    end
    return
end

const UNREAD = zeros(UInt8, 64)
function own_event_loop!()
    ok = true
    for fd in EVENT_LOOP.epolls
        mine = ccall(:epoll_create1, Cint, (Cint,), O_CLOEXEC)
        ok &= ccall(:dup3, Cint, (Cint, Cint, Cint), mine, fd, O_CLOEXEC) >= 0
        close_fd(mine)
    end
    for fd in EVENT_LOOP.eventfds
        mine = ccall(:eventfd, Cint, (Cuint, Cint), 0, O_CLOEXEC | Cint(0o4000))
        ok &= ccall(:dup3, Cint, (Cint, Cint, Cint), mine, fd, O_CLOEXEC) >= 0
        close_fd(mine)
    end
    for (reader, writer) in EVENT_LOOP.pipes
        r, w = pipe()
        # libuv keeps a byte in one of them, as a lock.
        waiting = Ref{Cint}(0)
        ccall(:ioctl, Cint, (Cint, Culong, Ref{Cint}), reader, 0x541b, waiting)
        waiting[] > 0 && ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), w, UNREAD, min(waiting[], 64))
        foreach(fd -> ccall(:fcntl, Cint, (Cint, Cint, Cint), fd, 4, 0o4000), (r, w))
        ok &= ccall(:dup3, Cint, (Cint, Cint, Cint), r, reader, O_CLOEXEC) >= 0
        ok &= ccall(:dup3, Cint, (Cint, Cint, Cint), w, writer, O_CLOEXEC) >= 0
        close_fd(r)
        close_fd(w)
    end
    for (epoll, fd, events, data) in EVENT_LOOP.watched
        # struct epoll_event is packed on x86-64 and padded elsewhere.
        event = Sys.ARCH === :x86_64 ?
            UInt32[events, data % UInt32, (data >> 32) % UInt32, 0] : UInt32[events, 0, data % UInt32, (data >> 32) % UInt32]
        ccall(:epoll_ctl, Cint, (Cint, Cint, Cint, Ptr{UInt32}), epoll, 1, fd, event)
    end
    return ok
end

"Find the descriptors Julia writes machine code through. In the parent, after its last compilation."
function find_code_memory!()
    empty!(CODE_MEMORY.self_mem)
    empty!(CODE_MEMORY.memory_files)
    for fd in open_descriptors(255)
        target = fd_target(fd)
        if startswith(target, "/proc/") && endswith(target, "/mem")
            push!(CODE_MEMORY.self_mem, fd)
        elseif startswith(target, "/memfd:julia-codegen")
            push!(CODE_MEMORY.memory_files, fd)
        end
    end
    return CODE_MEMORY
end

function own_code_memory!()
    ok = true
    for fd in CODE_MEMORY.self_mem
        mine = open_fd("/proc/self/mem", 2 | 0o4010000)
        ok &= mine >= 0 && ccall(:dup3, Cint, (Cint, Cint, Cint), mine, fd, O_CLOEXEC) >= 0
        mine >= 0 && close_fd(mine)
    end
    for fd in CODE_MEMORY.memory_files
        ok &= copy_memory_file!(fd)
    end
    return ok
end

hex(text, from, to) = parse(UInt, SubString(text, from, to), base = 16)

function copy_memory_file!(fd::Cint)
    mine = Cint(ccall(:syscall, Clong, (Clong, Cstring, Cuint), SYS_memfd_create, "julia-codegen", MFD_CLOEXEC))
    mine >= 0 || return false
    bytes = ccall(:lseek, Clong, (Cint, Clong, Cint), fd, 0, 2)
    ccall(:ftruncate, Cint, (Cint, Clong), mine, bytes) == 0 || return false
    ok = true
    copied = Set{UInt}()
    for line in split(read_proc("/proc/self/maps"), '\n')
        endswith(line, "/memfd:julia-codegen (deleted)") || continue
        dash, space = findfirst(isequal('-'), line), findfirst(isequal(' '), line)
        from, to = hex(line, 1, dash - 1), hex(line, dash + 1, space - 1)
        mode = SubString(line, space + 1, space + 4)
        rest = SubString(line, space + 6)
        offset = hex(rest, 1, findfirst(isequal(' '), rest) - 1)
        size = to - from
        if !(offset in copied)
            push!(copied, offset)
            copy_range!(fd, mine, offset, size) || (ok = false)
        end
        protection = (mode[1] == 'r' ? 1 : 0) | (mode[2] == 'w' ? 2 : 0) | (mode[3] == 'x' ? 4 : 0)
        got = ccall(:mmap, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Cint, Cint, Cint, Clong),
                    Ptr{Cvoid}(from), size, protection, MAP_SHARED | MAP_FIXED, mine, offset)
        ok &= got == Ptr{Cvoid}(from)
    end
    ok &= ccall(:dup3, Cint, (Cint, Cint, Cint), mine, fd, O_CLOEXEC) >= 0
    close_fd(mine)
    return ok
end

function copy_range!(from::Cint, to::Cint, offset::UInt, size::UInt)
    source = ccall(:mmap, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t, Cint, Cint, Cint, Clong),
                   C_NULL, size, 1, MAP_SHARED, from, offset)
    source == Ptr{Cvoid}(-1) && return false
    written = ccall(:pwrite, Cssize_t, (Cint, Ptr{Cvoid}, Csize_t, Clong), to, source, size, offset)
    ccall(:munmap, Cint, (Ptr{Cvoid}, Csize_t), source, size)
    return written == size
end

"""
Fork. In the child (0 is returned) machine code has memory of its own, the event loop is fresh, and the
child dies with its parent. Everything between the fork and the return was compiled beforehand.
"""
function fork()
    pid = ccall(:fork, Cint, ())
    pid == 0 || return pid
    die_with_parent()
    own_code_memory!() || exit_now(97)
    ccall(:setpgid, Cint, (Cint, Cint), 0, 0)
    own_event_loop!() || exit_now(97)
    return Cint(0)
end

die_with_parent() = ccall(:prctl, Cint, (Cint, Culong, Culong, Culong, Culong), 1, SIGKILL, 0, 0, 0) # PR_SET_PDEATHSIG

"Start a program whose descriptor `to` is our `from`, for each pair `from => to`; its process id, or -1."
function spawn(command::Vector{String}, descriptors)
    actions = zeros(UInt64, 64)     # posix_spawn_file_actions_t, with room
    pid = Ref{Cint}(-1)
    GC.@preserve actions command begin
        ccall(:posix_spawn_file_actions_init, Cint, (Ptr{UInt64},), actions)
        for (from, to) in descriptors
            ccall(:posix_spawn_file_actions_adddup2, Cint, (Ptr{UInt64}, Cint, Cint), actions, from, to)
        end
        words = push!(Ptr{UInt8}[pointer(word) for word in command], C_NULL)
        environment = unsafe_load(cglobal(:environ, Ptr{Ptr{UInt8}}))
        code = ccall(:posix_spawn, Cint, (Ref{Cint}, Ptr{UInt8}, Ptr{UInt64}, Ptr{Cvoid}, Ptr{Ptr{UInt8}}, Ptr{Ptr{UInt8}}),
                     pid, words[1], actions, C_NULL, words, environment)
        ccall(:posix_spawn_file_actions_destroy, Cint, (Ptr{UInt64},), actions)
        return code == 0 ? pid[] : Cint(-1)
    end
end

exit_now(code) = ccall(:_exit, Cvoid, (Cint,), code)

# ---------------------------------------------------------------- children

struct PollFd
    fd::Cint
    events::Int16
    revents::Int16
end

"Wait up to `milliseconds` for any of the descriptors (-1: ignored); which are readable or closed."
function poll(fds::Vector{Cint}, milliseconds::Integer)
    entries = [PollFd(fd, POLLIN, 0) for fd in fds]
    ccall(:poll, Cint, (Ptr{PollFd}, Culong, Cint), entries, length(entries), milliseconds)
    return [e.fd >= 0 && e.revents != 0 for e in entries]
end

kill(pid, signal = SIGKILL) = ccall(:kill, Cint, (Cint, Cint), pid, signal)

"The wait status of a child, or nothing while it runs."
function wait_child(pid::Integer, block::Bool = false)
    status = Ref{Cint}(0)
    while true
        got = ccall(:waitpid, Cint, (Cint, Ref{Cint}, Cint), pid, status, block ? 0 : WNOHANG)
        got == pid && return Int(status[])
        got == 0 && return nothing
        Base.Libc.errno() == Base.Libc.EINTR || return -1
    end
end

exit_code(status::Int) = (status >> 8) & 0xff
exit_signal(status::Int) = status & 0x7f

"Become the parent of whatever descendants leave behind."
adopt_orphans() = ccall(:prctl, Cint, (Cint, Culong, Culong, Culong, Culong), 36, 1, 0, 0, 0)

"Pids of this process's living children."
function children()
    text = read_proc(string("/proc/self/task/", ccall(:getpid, Cint, ()), "/children"))
    return [parse(Int, word) for word in split(text)]
end

"Kill and reap all children but those to `keep` (and theirs, which come to us as their parents die)."
function sweep(keep::Vector{Cint} = Cint[])
    for _ in 1:1000
        left = filter(pid -> !(pid in keep), children())
        foreach(wait_child, left)
        left = filter(pid -> !(pid in keep), children())
        isempty(left) && return true
        foreach(kill, left)
        ccall(:usleep, Cint, (Cuint,), 1000)
    end
    return false
end

# ---------------------------------------------------------------- passing a descriptor

# A child shows its memory use by handing its parent an open /proc/self/statm: some sandboxes hide the
# /proc entries of all other processes, even children.

"Two connected sockets, to pass descriptors through."
function socket_pair()
    ends = Vector{Cint}(undef, 2)
    ccall(:socketpair, Cint, (Cint, Cint, Cint, Ptr{Cint}), 1, 1 | O_CLOEXEC, 0, ends) == 0 || error("no socket pair")
    return ends[1], ends[2]
end

# struct msghdr with one byte of data and room for one descriptor (struct cmsghdr, SOL_SOCKET, SCM_RIGHTS).
function with_message(call, fd::Cint)
    data = zeros(UInt8, 1)
    control = UInt64[20, 1 | (UInt64(1) << 32), reinterpret(UInt32, fd)]
    GC.@preserve data control begin
        vector = UInt64[UInt64(pointer(data)), 1]
        GC.@preserve vector begin
            message = UInt64[0, 0, UInt64(pointer(vector)), 1, UInt64(pointer(control)), 24, 0]
            ok = GC.@preserve message call(pointer(message)) == 1
            return ok && message[6] >= 20 ? reinterpret(Int32, control[3] % UInt32) : Cint(-1)
        end
    end
end

"Send a descriptor; whether that worked."
send_fd(socket::Cint, fd::Cint) =
    with_message(m -> ccall(:sendmsg, Cssize_t, (Cint, Ptr{UInt64}, Cint), socket, m, 0), fd) >= 0

"The descriptor that the other side sends, or -1."
receive_fd(socket::Cint) =
    with_message(m -> ccall(:recvmsg, Cssize_t, (Cint, Ptr{UInt64}, Cint), socket, m, O_CLOEXEC_RECEIVED), Cint(-1))
const O_CLOEXEC_RECEIVED = Cint(0x40000000)

const PAGE = Int(ccall(:getpagesize, Cint, ()))

open_statm() = open_fd("/proc/self/statm", 0)

"(resident, private data) in bytes as an open `statm` tells; (0, 0) when its process is gone."
function memory(statm::Integer)
    n = ccall(:pread, Cssize_t, (Cint, Ptr{UInt8}, Csize_t, Clong), statm, STATM_BUFFER, length(STATM_BUFFER), 0)
    n > 0 || return 0, 0
    numbers = (0, 0, 0, 0, 0, 0, 0)
    word, value = 1, 0
    for i in 1:n
        byte = STATM_BUFFER[i]
        if UInt8('0') <= byte <= UInt8('9')
            value = 10value + (byte - UInt8('0'))
        else
            word <= 7 && (numbers = Base.setindex(numbers, value, word))
            word, value = word + 1, 0
        end
    end
    return numbers[2] * PAGE, numbers[6] * PAGE
end
const STATM_BUFFER = zeros(UInt8, 256)

# ---------------------------------------------------------------- limits and confinement

struct Rlimit
    soft::UInt64
    hard::UInt64
end
const RLIMIT = (cpu = 0, fsize = 1, data = 2, stack = 3, core = 4, nofile = 7)
function limit!(resource::Integer, value::Integer)
    return ccall(:setrlimit, Cint, (Cint, Ref{Rlimit}), resource, Rlimit(value, value)) == 0
end

landlock_abi() = ccall(:syscall, Clong, (Clong, Ptr{Cvoid}, Csize_t, Cuint), SYS_landlock_create_ruleset, C_NULL, 0, 1)

# Rights on files that each Landlock version knows; "read" is execute, read a file, list a folder.
const LANDLOCK_READ = UInt64(0b1101)
landlock_all(abi) = abi >= 5 ? UInt64(0xffff) : abi >= 3 ? UInt64(0x7fff) : abi >= 2 ? UInt64(0x3fff) : UInt64(0x1fff)
# Not in the scratch folder: character and block devices, sockets, named pipes.
const LANDLOCK_SPECIAL = UInt64(0b1110_0100_0000)

"A Landlock rule set: read `readable`, write below `writable`; its descriptor, or -1 without Landlock."
function landlock_rules(readable::Vector{String}, writable::Vector{String})
    abi = landlock_abi()
    abi >= 1 || return Cint(-1)
    all = landlock_all(abi)
    attributes = UInt64[all, abi >= 4 ? 3 : 0, abi >= 6 ? 3 : 0]
    bytes = abi >= 6 ? 24 : abi >= 4 ? 16 : 8
    rules = Cint(ccall(:syscall, Clong, (Clong, Ptr{UInt64}, Csize_t, Cuint),
                       SYS_landlock_create_ruleset, attributes, bytes, 0))
    rules >= 0 || return Cint(-1)
    for path in readable
        landlock_allow(rules, path, LANDLOCK_READ)
    end
    for path in writable
        landlock_allow(rules, path, all & ~LANDLOCK_SPECIAL)
    end
    for path in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
        landlock_allow(rules, path, UInt64(path == "/dev/null" ? 0b110 : 0b100))
    end
    return rules
end

function landlock_allow(rules::Cint, path::String, rights::UInt64)
    fd = ccall(:open, Cint, (Cstring, Cint), path, 0o10000000 | O_CLOEXEC) # O_PATH
    fd >= 0 || return
    isdir(path) || (rights &= UInt64(0b1100_0000_0000_0111)) # what a plain file can have
    attribute = zeros(UInt8, 12) # packed: u64 rights, s32 descriptor
    for i in 0:7
        attribute[i + 1] = (rights >> (8i)) % UInt8
    end
    for i in 0:3
        attribute[i + 9] = (reinterpret(UInt32, fd) >> (8i)) % UInt8
    end
    ccall(:syscall, Clong, (Clong, Cint, Cint, Ptr{UInt8}, Cuint), SYS_landlock_add_rule, rules, 1, attribute, 0)
    close_fd(fd)
    return
end

no_new_privileges() = ccall(:prctl, Cint, (Cint, Culong, Culong, Culong, Culong), 38, 1, 0, 0, 0) == 0
landlock_enter(rules::Cint) = ccall(:syscall, Clong, (Clong, Cint, Cuint), SYS_landlock_restrict_self, rules, 0) == 0

struct FilterProgram
    count::UInt16
    code::Ptr{UInt8}
end

const PID_PLACEHOLDER = 0x70696421

"Allow only the system calls of a BPF program; the placeholder in it becomes this process's id."
function seccomp_enter(program::Vector{UInt8})
    isempty(program) && return true
    code = copy(program)
    pid = reinterpret(UInt32, ccall(:getpid, Cint, ()))
    words = reinterpret(UInt32, code)
    for i in 2:2:length(words)
        words[i] == PID_PLACEHOLDER && (words[i] = pid)
    end
    GC.@preserve code begin
        filter = Ref(FilterProgram(length(code) ÷ 8, pointer(code)))
        # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        return ccall(:prctl, Cint, (Cint, Culong, Ref{FilterProgram}, Culong, Culong), 22, 2, filter, 0, 0) == 0
    end
end

# ---------------------------------------------------------------- compiler switches

# Where each of Julia's options lies, and how wide it is: asked for when this is loaded, it costs nothing at the start.
const OPTIONS = Dict{Symbol,Tuple{Int,Int}}()
for (i, name) in enumerate(fieldnames(Base.JLOptions))
    fieldtype(Base.JLOptions, i) <: Integer &&
        (OPTIONS[name] = (Int(fieldoffset(Base.JLOptions, i)), sizeof(fieldtype(Base.JLOptions, i))))
end

function set_option!(field::Symbol, value::Int)
    offset, width = get(OPTIONS, field, (0, 0))
    address = cglobal(:jl_options, UInt8) + offset
    width == 1 ? unsafe_store!(address, value % UInt8) :
        width == 2 ? unsafe_store!(Ptr{UInt16}(address), value % UInt16) :
        width == 4 ? unsafe_store!(Ptr{UInt32}(address), value % UInt32) : return false
    return true
end

"Interpret whatever is not compiled yet (3: `--compile=min`), or compile it (1: `--compile=yes`)."
function set_compiler!(interpret::Bool)
    set_option!(:compile_enabled, interpret ? 3 : 1)
    return set_option!(:opt_level, interpret ? 0 : 1)
end

end
