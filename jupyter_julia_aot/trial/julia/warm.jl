# Everything that must be compiled before the first fork, and the proof that forking is safe here.
# `prepare!` runs once: in a worker that starts from nothing, or in the process that makes the image (image.jl).

module Warm

using ..Wire, ..System, ..Source, ..Screen, ..Plain, ..Referee, ..Child, ..Watch, ..Judge, ..Checks

const CANDIDATE = """
struct Pair2{T}
    a::T
    b::T
end
function warm_up(xs::Vector{Int})
    total = 0
    seen = Dict{Int,Int}()
    for (i, x) in enumerate(xs)
        x % 2 == 0 && continue
        total += x
        seen[x] = get(seen, x, 0) + i
    end
    words = split("some words to join", " ")
    text = join([uppercasefirst(w) for w in words if length(w) > 2], ", ")
    sorted = sort(collect(keys(seen)), rev = true)
    return total + length(text) + length(sorted)
end
warm_strings(s::String) = string(reverse(s), "-", length(s), lowercase(s))
"""
const ORACLE = """
using Test
@testset "warm" begin
    candidate = warm_up
    @test candidate([1, 2, 3]) == 22 + 0
    @test warm_strings("ab") == "ba-2ab"
    @test [1, 2] == [1, 3]
    @test 0.1 + 0.2 ≈ 0.3
    @test Dict("a" => 1) == Dict("a" => 1)
    @test_throws ErrorException error("x")
end
@test error("no")
"""

# Loaded here, so that a candidate's `using` finds them at once and needs no file; that takes Julia's default
# options, for which it ships them compiled.
const PACKAGES = ("Test", "Random", "Statistics", "LinearAlgebra", "Printf", "Dates", "SparseArrays", "Unicode",
                  "DelimitedFiles")
function preload()
    scratch = Module(gensym("packages"))
    for name in PACKAGES
        try
            Core.eval(scratch, Expr(:import, Expr(:., Symbol(name))))
        catch
            continue # this Julia comes without it
        end
    end
    return Screen.survey!()
end

const PREPARED = Ref(false)

"Load the packages and compile what children need."
function prepare!(loaded = preload)
    loaded()
    for _ in 1:2
        rehearse()
    end
    rehearse_start()
    compile_fork!()
    compile_child!()
    PREPARED[] = true
    return
end

"Make this process ready to fork. `proven`: forking has been seen to be safe here, with the same image and sandbox."
function up(settings::Child.Settings, proven::Bool)
    start = time_ns()
    prepared = PREPARED[]
    prepared || preload()
    # From here on every index is checked, `@inbounds` or not: a wrong one must not reach other memory.
    System.set_option!(:check_bounds, 1)
    System.set_option!(:opt_level, 1)
    prepared ? compile_fork!(1) : prepare!(() -> nothing)
    System.set_compiler!(false)
    # A process that has failed the test may have been written into: it must not go on.
    proven || self_test() || return Dict{String,Any}("forks" => false)
    System.find_code_memory!()
    if !prepared
        GC.gc()
        GC.gc()
    end
    told = Dict{String,Any}()
    told["warm_seconds"] = (time_ns() - start) / 1e9
    told["landlock"] = settings.rules >= 0
    told["image"] = prepared
    told["forks"] = true
    told["code_files"] = length(System.CODE_MEMORY.memory_files)
    return told
end

"Make this process ready for one trial, of which it will be the only process."
function up_without_forks()
    PREPARED[] || preload()
    System.set_option!(:check_bounds, 1)
    System.set_option!(:opt_level, 1)
    PREPARED[] || foreach(_ -> rehearse(), 1:2)
    return System.set_compiler!(false)
end

"Judge a small program here, as a child would, so that children find all of it compiled."
function rehearse()
    home = Module(gensym("rehearsal"))
    Core.eval(home, :(eval(x) = Core.eval($home, x)))
    tree = Source.parse_all(CANDIDATE, "candidate")
    found = Screen.look(tree)
    isempty(found.reasons) || error("the rehearsal's candidate was not found clean: ", found.reasons)
    Screen.look(Source.parse_all("import Base: show\nstruct A end\nBase.show(io::IO, a::A) = ccall(:x)", "candidate"))
    result = Judge.trial(tree, :warm_up, () -> ORACLE, seconds -> nothing, home)
    result["failed"] > 0 || error("the rehearsal went wrong")
    Wire.unpack(Wire.pack(result))
    for bad in ("error(\"no\")", "throw(SystemError(\"x\", 13))")
        bad = Source.parse_all(bad, "candidate")
        Judge.trial(bad, :f, () -> ORACLE, seconds -> nothing, Module(gensym("rehearsal")))
    end
    for bad in ("f(x = 1", "f(x) = )")
        try
            Source.parse_all(bad, "candidate")
        catch fault
            Judge.load_report(fault, nothing, 0.0, 0.0)
        end
    end
    rehearse_apart()
    return
end

"What a worker does once, when it starts."
function rehearse_start()
    init = Dict{String,Any}("filter" => UInt8[], "work" => "/tmp", "readable" => Any["/usr"], "output_bytes" => 1,
                            "forks" => true, "proven" => true)
    rules = Child.Settings(Wire.unpack(Wire.pack(init))).rules
    rules >= 0 && System.close_fd(rules)
    return System.set_option!(:opt_level, Int(Base.JLOptions().opt_level))
end

"Both sides of a call between processes, in this one."
function rehearse_apart()
    there_r, there_w = System.pipe()
    back_r, back_w = System.pipe()
    function find(name)
        name == "f" && return (x...) -> (push!(x[1], 4); length(x))
        throw(ArgumentError("no"))
    end
    candidate = Referee.Peer(there_r, back_w, Any[], find, "", false)
    tests = Referee.Peer(back_r, there_w, Any[], nothing, "", false)
    values = Any[[1, 2], "text", 1.5, (1, :a), Dict("a" => 1), nothing, true, 'c', ["a", "b"], [[1], [2]], 1:3, sqrt]
    call(name) = Dict{String,Any}("call" => name, "args" => Any[Referee.pack(tests, v) for v in values],
                                  "names" => String[], "values" => Any[])
    for reply in (Referee.run_call(candidate, call("f")), Referee.run_call(candidate, call("sum")))
        Wire.write_frame(back_w, reply)
        try
            Referee.request(tests, "f", Tuple(values), ())
        catch fault
            Judge.fault_record(fault, nothing)
        end
        Wire.read_frame(there_r)
    end
    foreach(System.close_fd, (there_r, there_w, back_r, back_w))
    return
end

# Between the fork and `own_code_memory!` nothing may be compiled: it would be written into the parent.
# In a worker from the image it is compiled; once more, so that no child has to look up what is called for the first time.
function compile_fork!(times::Int = 2)
    for _ in 1:times
        System.find_event_loop!()
        System.own_event_loop!() || error("this Julia's event loop cannot be renewed")
        System.find_code_memory!()
        System.own_code_memory!() || error("this Julia's code memory cannot be copied")
    end
    precompile(System.fork, ()) || error("fork cannot be compiled")
    System.memory(System.open_statm())
    ours, theirs = System.socket_pair()
    null = System.open_fd("/dev/null", 0)
    System.send_fd(ours, null)
    got = System.receive_fd(theirs)
    got >= 0 || error("descriptors cannot be passed to the parent")
    foreach(System.close_fd, (ours, theirs, null, got))
    precompile(System.exit_now, (Int,))
    System.find_code_memory!()
    return
end

function compile_child!()
    precompile(Child.run, (Dict{String,Any}, Child.Settings, Cint, Cint, Cint, Cint))
    precompile(Child.judged, (Dict{String,Any}, Child.Settings, Cint, Cint, Cint))
    precompile(Child.candidate_process, (Expr, Dict{String,Any}, Child.Settings, Tuple{Cint,Cint,Cint}, String))
    precompile(Child.serve_candidate, (Expr, Dict{String,Any}, Child.Settings, Cint, Cint))
    precompile(Child.serve_candidate, (Dict{String,Any}, Dict{String,Any}, Child.Settings, Cint, Cint))
    precompile(Child.candidate_in_spare, (Expr, Dict{String,Any}, Child.Settings, Tuple{Cint,Cint,Cint}, String))
    precompile(Judge.serve_candidate, (Expr, Cint, Cint))
    precompile(Child.read_oracle, (Cint, Cint))
    precompile(Child.enter!, (Child.Settings, Dict{String,Any}, Cint))
    precompile(Child.say, (Cint, UInt8))
    precompile(Child.say_loaded, (Cint, Float64))
    precompile(Child.say_report, (Cint, Dict{String,Any}))
    precompile(Child.confine!, (Child.Settings, Int, Int))
    precompile(Child.take_streams!, (Cint,))
    precompile(Child.flush_output, ())
    precompile(Watch.attempt, (Dict{String,Any}, Child.Settings, Cint, Cint, UInt64))
    precompile(Watch.run, (Dict{String,Any}, Child.Settings, Cint, Cint))
    precompile(Watch.watch!, (Watch.Outcome, Cint, Dict{String,Any}, Child.Settings, Vector{Cint}, Cint, Cint, UInt64))
    precompile(Watch.fork_child, (Dict{String,Any}, Child.Settings, Cint))
    precompile(Watch.relay!, (Cint,))
    return
end

"Children that compile at the same time must not meet each other's machine code, nor this process theirs."
function self_test()
    pids = Cint[]
    for i in 1:3
        pid = System.fork()
        if pid == 0
            System.exit_now(compiles(i) ? 0 : 1)
        end
        push!(pids, pid)
    end
    ok = all(System.wait_child(pid, true) == 0 for pid in pids)
    return ok && compiles(4)
end

function compiles(i::Int)
    home = Module(gensym("selftest"))
    for k in 1:3
        f = Core.eval(home, :(f(x) = sum(y -> y * $i + $k, 1:x)))
        Base.invokelatest(f, 10) == 55 * i + 10 * k || return false
        caught = try
            Base.invokelatest(Core.eval(home, :(g(x) = x > 0 ? throw(DomainError(x, $"no $k")) : x)), i)
        catch fault
            fault
        end
        caught isa DomainError && caught.val == i || return false
    end
    return true
end

end
