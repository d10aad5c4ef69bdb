# Everything that must be compiled before the first fork, and the proof that forking is safe here.

module Warm

using ..Wire, ..System, ..Child, ..Watch, ..Judge, ..Checks

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

function up(settings::Child.Settings)
    start = time_ns()
    for _ in 1:2
        rehearse()
    end
    compile_fork!()
    compile_child!(settings)
    GC.gc()
    GC.gc()
    return Dict{String,Any}("warm_seconds" => (time_ns() - start) / 1e9, "landlock" => settings.rules >= 0,
                            "code_files" => length(System.CODE_MEMORY.memory_files))
end

"Judge a small program here, as a child would, so that children find all of it compiled."
function rehearse()
    home = Module(gensym("rehearsal"))
    Core.eval(home, :(eval(x) = Core.eval($home, x)))
    result = Judge.trial(CANDIDATE, :warm_up, () -> ORACLE, seconds -> nothing, home)
    result["failed"] > 0 || error("the rehearsal went wrong")
    Wire.unpack(Wire.pack(result))
    for bad in ("f(x = 1", "f(x) = )", "error(\"no\")", "throw(SystemError(\"x\", 13))")
        Judge.trial(bad, :f, () -> ORACLE, seconds -> nothing, Module(gensym("rehearsal")))
    end
    return
end

# Between the fork and `own_code_memory!` nothing may be compiled: it would be written into the parent.
function compile_fork!()
    for _ in 1:2
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

function compile_child!(settings::Child.Settings)
    precompile(Child.run, (Dict{String,Any}, Child.Settings, Cint, Cint, Cint))
    precompile(Child.confine!, (Child.Settings, Int, Int))
    precompile(Child.take_streams!, (Cint,))
    precompile(Child.flush_output, ())
    System.set_compiler!(false)
    return
end

end
