# What a session does, done once while the image is made, so that all of it is compiled there. `Main` stays as it is.

let sink = Int(ccall(:open, Cint, (Cstring, Cint, Cint...), "/dev/null", 1, 0)), number = Ref(0)
    function request(kind, fields::Pair...)
        message = Dict{String,Any}("type" => kind, "id" => (number[] += 1), "forget" => Any[], fields...)
        answer(Wire.unpack(Wire.pack(message)), sink)
    end
    cell(code, show) = request("run", "code" => code, "name" => "cell", "show" => show)
    call(name, arguments...) = request("call", "function" => name, "arguments" => Any[arguments...], "keywords" =>
                                       Dict{String,Any}(), "shared" => Any[], "resizable" => false)
    bytes(value) = encode(value, STORE)
    HOME[] = Module(:Rehearsal)

    Console.SEND_DISPLAY[] = (n, shown) -> write_frame(sink, Dict{String,Any}("number" => n, "bundle" => shown))
    for code in ("1 + 1", "nothing;", "\"text\"", "[1, 2, 3]", "[1.5 2.5; 3.5 4.5]", "Dict(\"a\" => 1)", "(1, :a, 2.5)",
                 "sum", "error(\"x\")", "undefined_name", "sqrt(-1)", "f(x = 1", "f(x) = )", "for i in 1:2\n    i\nend")
        cell(code, true)
        cell(code, false)
    end
    for value in (1, 2.5, true, nothing, "text", [1, 2], [1.5, 2.5], [1.5 2.5], ["a"], (1, "a"), Dict("a" => 1), 1:3)
        data = bytes(value)
        request("value", "value" => data)
        call("identity", data)
    end
    call("no_such_name")
    # Loaded, not used: completing and sleeping leave tasks behind, and an image cannot hold a task.
    Base.require(Help.REPL_PACKAGE)
    for T in (Float64, Float32, Int64), N in 1:2
        precompile(Values.read_shared, (Values.Window, Int, Type{T}, NTuple{N,Int}))
        precompile(Values.write_shared!, (Values.Window, Array{T,N}, Int))
        precompile(Values.put_back!, (Values.Window, Int, Array{T,N}))
    end
    precompile(Values.clear!, (Values.Window,))
    precompile(enter_filter, (Vector{UInt8},))
    precompile(share!, (Store, String, Int))
    precompile(quiet, ())
    precompile(Help.completions, (String, Int))
    ccall(:close, Cint, (Cint,), sink)
    precompile(main, ())
    precompile(serve, (Int, Int))
    precompile(define, (String, String, String, String))
    precompile(set_variables, (Vector{Any}, Vector{Any}))
    precompile(Console.take_over, ())
    precompile(Console.finish, (Int,))
    HOME[] = Main
    empty!(STORE.objects)
    empty!(Faults.CELLS)
    STORE.next = 1
    Console.SHOWN[] = 0
    Console.SEND_DISPLAY[] = nothing
end
