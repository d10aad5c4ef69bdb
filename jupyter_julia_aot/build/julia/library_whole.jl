# The part of library.jl for a library that carries all of Julia: faults as Julia itself would show them.

julia_aot_begin() = nothing

julia_aot_type(@nospecialize(T)) = string(nameof(T))

function julia_aot_message(@nospecialize(fault))::String
    text = try
        Base.invokelatest(sprint, showerror, fault)::String
    catch
        string(typeof(fault))
    end
    name = string(nameof(typeof(fault)), ": ")
    return startswith(text, name) ? text[(ncodeunits(name) + 1):end] : text
end

# The innermost line of the user's code, 0 when there is none.
function julia_aot_line()::Int64
    for pointer in catch_backtrace()
        pointer isa Ptr{Nothing} || continue
        for frame in StackTraces.lookup(pointer)
            julia_aot_is_source(string(frame.file)) && return Int64(frame.line)
            # What called the library is no Julia; an older one complains about its debug information.
            startswith(string(frame.func), "aot_") && return Int64(0)
        end
    end
    return Int64(0)
end
