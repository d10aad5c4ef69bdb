# Julia's side of the juliacall route: the same values, errors, docstrings and displays as in the session worker.
# A package, so that Julia compiles it once and keeps it; loaded by `juliacall_start.py`.

module JuliaAotInProcess

include("../../../../trial/julia/values.jl")
include("../../../../trial/julia/faults.jl")
include("../../../../trial/julia/help.jl")
include("../../../../trial/julia/console.jl")
include("../../../../trial/julia/softscope.jl")
include("../../../devices/loud.jl")
include("direct.jl")

const STORE = Values.Store()
const LAST = Dict{UInt,Any}()       # the report of each thread's last exception

# ---------------------------------------------------------------- faults

"A program that calls `exit` would take the kernel and its variables with it."
struct ProcessExited <: Exception
    code::Int
end
Base.showerror(io::IO, e::ProcessExited) = print(io, "the program asked to end its process (exit code ", e.code,
                                                 "), which is the notebook's kernel")
__init__() = Core.eval(Base, :(exit(code) = throw($ProcessExited(Int(code)))))

"The part of a backtrace above the frames of this file, of PythonCall and of Python."
function trimmed(trace)
    for (i, place) in enumerate(trace)
        frames = StackTraces.lookup(place)
        # What was inlined into a function of ours is the user's.
        any(ours, frames) && return trace[1:(ours(first(frames)) ? i - 1 : i)]
    end
    return trace
end
ours(frame) = String(frame.file) == @__FILE__

function guarded(work, cell::String, code::String = "")
    try
        return work()
    catch fault
        remember(fault, catch_backtrace(), cell, code)
        rethrow()
    end
end

function remember(fault, trace, cell::String, code::String)
    report = Faults.report(fault, trimmed(trace), cell, code)
    filter!(frame -> !occursin(@__FILE__, frame), report["backtrace"])
    LAST[Direct.this_thread()] = report
    return
end

# Line numbers, types and messages as text; a Python dict of it needs no rules of conversion.
last_fault() = Values.encode(pop!(LAST, Direct.this_thread(), nothing))

# ---------------------------------------------------------------- functions

"A function that Python calls: `f`, or the newest definition that cells have made of `name`."
struct Called
    f::Any
    name::Union{Nothing,Symbol}
    file::String
end
called(f, file) = Called(f, nothing, file)
called_by_name(name::String) = Called(nothing, Symbol(name), "variables")
# A call from Python sees all definitions there are.
target(c::Called) = c.name === nothing ? c.f : getfield(Main, c.name)

# The frame that backtraces end at.
function (c::Called)(args...; kwargs...)
    try
        return target(c)(args...; kwargs...)
    catch fault
        remember(fault, catch_backtrace(), c.file, "")
        rethrow()
    end
end

"Python's way in for plain arguments; see direct.jl. `NotImplemented` while another call is in Julia, too."
function direct(c::Called, arguments::Direct.Py)
    Direct.OWNER[] == 0 || return Direct.PythonCall.pybuiltins.NotImplemented
    Direct.OWNER[] = Direct.this_thread()
    value = try
        Direct.call(target(c), arguments)
    catch fault
        remember(fault, catch_backtrace(), c.file, "")
        Direct.OWNER[] = 0
        rethrow()
    end
    Direct.OWNER[] = 0
    Direct.Objects.pydel!(arguments)
    return value
end

"`ndarray` is the address of NumPy's array type: as an object it would cost a second of compilation."
function start_direct(ndarray::Int)
    Direct.NDARRAY[] = Direct.C.PyPtr(UInt(ndarray))
    return Direct.PythonCall.JlWrap.pyjl_methodnum(direct)
end
owner_address() = Int(UInt(pointer_from_objref(Direct.OWNER)))

function define(name::String, code::String, file::String, defines::String)
    push!(Faults.CELLS, file)
    return guarded(file, code) do
        place = Module(Symbol(name))
        Core.eval(place, :(eval(x) = Core.eval($place, x); include(path) = Base.include($place, path)))
        include_string(place, code, file)
        Base.invokelatest(isdefined, place, Symbol(defines)) || throw(UndefVarError(Symbol(defines)))
        f = Base.invokelatest(getfield, place, Symbol(defines))
        return (called(f, file), Help.documentation(place, defines))
    end
end

# An array over NumPy's memory.
function wrap(address::Int, type::String, size::Tuple, keep)
    array = unsafe_wrap(Array, Ptr{Values.NUMBERS[parse(UInt8, type)]}(address), size)
    return Direct.held(array, Direct.Objects.getptr(keep))
end

decode(data) = Values.decode(Vector{UInt8}(data), STORE)
encode(value) = Values.encode(value, STORE)
forget(number::Int) = Values.forget!(STORE, number)
plain_array(value) = value isa Array && isconcretetype(eltype(value)) && eltype(value) <: Values.Plain

# ---------------------------------------------------------------- cells

# What a cell prints goes, with the marks of console.jl, to descriptor 1, which Python has made a file in memory.
# Python reads it when `DRAIN` is called: a pipe would need a reader at work while Julia holds the interpreter.
const DRAIN = Ref{Ptr{Cvoid}}(C_NULL)
const READER = Ref{Any}(nothing)         # a Python callable that takes displayed values
const CELL_THREAD = Ref(0)
const LAST_DRAIN = Ref(0.0)
const WRITING = ReentrantLock()
const DRAIN_EVERY = 0.05
const RESULT = Ref{Any}(nothing)

struct Tap <: IO
    kind::Char
end
function Base.unsafe_write(s::Tap, data::Ptr{UInt8}, n::UInt)
    lock(WRITING) do
        Console.switch(s.kind)
        Console.put(data, n)
        s.kind == 'o' || Console.switch('o')
    end
    drain_sometimes()
    return Int(n)
end
Base.write(s::Tap, byte::UInt8) = unsafe_write(s, Ref(byte), UInt(1))
Base.isopen(::Tap) = true
Base.close(::Tap) = nothing
Base.flush(::Tap) = drain()
Base.isreadable(::Tap) = false
Base.iswritable(::Tap) = true
Base.displaysize(::Tap) = (40, 110)
# So that `redirect_stdout(old)` in a cell can put ours back.
(f::Base.RedirectStdStream)(s::Tap) = install(f.unix_fd == 1 ? :stdout : :stderr, s)

install(name::Symbol, s) = (Core.eval(Base, Expr(:(=), name, s)); s)

drain_sometimes() = time() - LAST_DRAIN[] > DRAIN_EVERY && drain()

"Let Python show what is there. Only the thread that runs the cell may: it is the one that holds the interpreter."
function drain()
    Threads.threadid() == CELL_THREAD[] && DRAIN[] != C_NULL || return
    # Python may let another of its threads run meanwhile, and that one may collect Julia's garbage.
    states = ccall(:jl_get_ptls_states, Ptr{Cvoid}, ())
    before = ccall(:jl_gc_safe_enter, Int8, (Ptr{Cvoid},), states)
    stop = ccall(DRAIN[], Cint, ())
    ccall(:jl_gc_safe_leave, Cvoid, (Ptr{Cvoid}, Int8), states, before)
    LAST_DRAIN[] = time()
    stop == 0 || throw(InterruptException())
    return
end

function start_console(token::String, drain_callback::Int, take_display)
    Console.TOKEN[] = token
    DRAIN[] = Ptr{Cvoid}(drain_callback)
    Console.SEND_DISPLAY[] = (number, shown) -> (take_display(number, Values.encode(shown)); nothing)
    return
end

"Run a cell at top level; whether there is a value to show, and its MIME bundle as bytes."
function run_cell(code::String, name::String, show_it::Bool, number::Int)
    push!(Faults.CELLS, name)
    before = (Base.stdout, Base.stderr)
    screen = Console.Screen()
    CELL_THREAD[] = Threads.threadid()
    LAST_DRAIN[] = time()
    RESULT[] = nothing
    install(:stdout, Tap('o'))
    install(:stderr, Tap('e'))
    pushdisplay(screen)
    try
        return guarded(name, code) do
            value = include_string(soft, Main, code, name)
            RESULT[] = value
            # An exception while showing is the user's as well: their `show` may be wrong.
            Values.encode(show_it && value !== nothing ? Console.bundle(value) : nothing)
        end
    finally
        popdisplay(screen)
        install(:stdout, before[1])
        install(:stderr, before[2])
        CELL_THREAD[] = 0
        Console.finish(number)
    end
end

take_result() = (value = RESULT[]; RESULT[] = nothing; value)

set_variable(name::String, value) = (Core.eval(Main, Expr(:(=), Symbol(name), QuoteNode(value))); nothing)

function get_variable(name::String)
    return guarded("variables") do
        Base.invokelatest(isdefined, Main, Symbol(name)) || throw(UndefVarError(Symbol(name)))
        Base.invokelatest(getfield, Main, Symbol(name))
    end
end

documentation(name::String) = Help.documentation(Main, name)
completions(code::String, position::Int) = Values.encode(Help.completions(code, position))

# ---------------------------------------------------------------- what the first cell would have to compile

include("first_use.jl")

"How many lines of `first_use.txt` were compiled with this package."
const COMPILED = Ref(0)

function rehearse()
    for (f, types) in ((run_cell, (String, String, Bool, Int)), (define, (String, String, String, String)),
                       (direct, (Called, Direct.Py)), (Direct.call_with, (Any, Direct.C.PyPtr, Vector{Any})),
                       (Direct.shared, (Direct.C.PyPtr,)), (start_console, (String, Int, Direct.Py)),
                       (start_direct, (Int,)), (get_variable, (String,)), (set_variable, (String, Any)),
                       (documentation, (String,)), (completions, (String, Int)), (called_by_name, (String,)),
                       (take_result, ()), (last_fault, ()), (drain, ()), (Console.finish, (Int,)), (owner_address, ()))
        precompile(f, types)
    end
    for T in (Float64, Float32, Int64), N in 1:2
        precompile(Direct.array, (Type{T}, Ptr{Cvoid}, Vector{Int}, Direct.C.PyPtr))
        precompile(Direct.turn!, (Array{T,N}, Array{T,N}))
    end
    for value in (nothing, 1, 1.5, true, "text", [1.0, 2.0], (1, "a"), Dict("a" => 1))
        decode(encode(value))
        value === nothing || Console.bundle(value)
    end
    try
        guarded(() -> include_string(soft, Module(), "x = [1.0]\nsum(x)\nerror(\"no\")", "rehearsal"), "rehearsal")
    catch
        last_fault()
    end
    empty!(Faults.CELLS)
    return COMPILED[] = compile_first_use()
end

ccall(:jl_generating_output, Cint, ()) == 1 && rehearse()

end
