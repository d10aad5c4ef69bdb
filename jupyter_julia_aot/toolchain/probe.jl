# Tell about this Julia, one `key<TAB>value` per line, on any version. Run with --compile=min.
function tell(key, value)
    println("julia-aot\t", key, "\t", value)
end

# Since 1.6 libjulia is a small loader in LIBDIR; before, all of Julia: ask the loader where it is.
function libjulia()
    if VERSION >= v"1.6"
        suffix = Sys.isapple() ? "dylib" : "so"
        return abspath(Sys.BINDIR, Base.LIBDIR, string("libjulia.", suffix))
    end
    symbol = cglobal(:jl_init_restored_modules, Cvoid)
    info = zeros(UInt, 4)                       # Dl_info: file name, base, symbol name, address
    found = ccall(:dladdr, Cint, (Ptr{Cvoid}, Ptr{UInt}), symbol, info)
    return found == 0 || info[1] == 0 ? "" : unsafe_string(Ptr{UInt8}(info[1]))
end

tell("version", string(VERSION))
tell("bindir", Sys.BINDIR)
tell("libjulia", try libjulia() catch; "" end)
tell("image", unsafe_string(Base.JLOptions().image_file))
tell("datadir", abspath(Sys.BINDIR, Base.DATAROOTDIR, "julia"))
tell("includedir", abspath(Sys.BINDIR, Base.INCLUDEDIR, "julia"))
tell("cpu", Sys.CPU_NAME)
tell("llvm", string(Base.libllvm_version))
for depot in DEPOT_PATH
    tell("depot", depot)
end
for (name, value) in ENV
    occursin('\n', value) || tell("env", string(name, "=", value))
end
