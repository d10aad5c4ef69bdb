# What every library has: Julia values that the other side still uses, and faults told as text. Included in
# the user's module after the user's code; all names begin with julia_aot_, because they live next to the
# user's. Nothing here needs dynamic dispatch, so that it can be trimmed. Julia 1.5 and newer.

# ---- values kept alive

const julia_aot_lock = Threads.SpinLock()
const julia_aot_kept = Any[]
const julia_aot_unused = Int64[]

# Keep a value until aot_release is called with the number given here (from 1 on).
function julia_aot_keep(@nospecialize(value))::Int64
    lock(julia_aot_lock)
    try
        if isempty(julia_aot_unused)
            push!(julia_aot_kept, value)
            return Int64(length(julia_aot_kept))
        end
        number = pop!(julia_aot_unused)
        julia_aot_kept[number] = value
        return number
    finally
        unlock(julia_aot_lock)
    end
end

Base.@ccallable function aot_release(number::Int64)::Cvoid
    lock(julia_aot_lock)
    try
        if 1 <= number <= length(julia_aot_kept)
            julia_aot_kept[number] = nothing
            push!(julia_aot_unused, number)
        end
    finally
        unlock(julia_aot_lock)
    end
    return
end

# An array or text for the other side: the words (address, number to release, dimensions …).
function julia_aot_give(words::Ptr{Int64}, value::Array)
    unsafe_store!(words, reinterpret(Int64, pointer(value)), 1)
    for i in 1:ndims(value)
        unsafe_store!(words, Int64(size(value, i)), 2 + i)
    end
    unsafe_store!(words, julia_aot_keep(value), 2)
    return
end

function julia_aot_give(words::Ptr{Int64}, value::String)
    unsafe_store!(words, reinterpret(Int64, pointer(value)), 1)
    unsafe_store!(words, Int64(ncodeunits(value)), 3)
    unsafe_store!(words, julia_aot_keep(value), 2)
    return
end

# ---- faults

struct JuliaAotFault
    type::String
    message::String
    line::Int64
end

# What an exception says, kept under a number that an entry returns in place of 0.
function julia_aot_caught(@nospecialize(fault))::Int64
    line = julia_aot_line()
    return julia_aot_keep(JuliaAotFault(julia_aot_type(typeof(fault)), julia_aot_message(fault), line))
end

Base.@ccallable function aot_fault(number::Int64, words::Ptr{Int64})::Cvoid
    lock(julia_aot_lock)
    fault = julia_aot_kept[number]
    unlock(julia_aot_lock)
    if fault isa JuliaAotFault
        unsafe_store!(words, reinterpret(Int64, pointer(fault.type)), 1)
        unsafe_store!(words, Int64(ncodeunits(fault.type)), 2)
        unsafe_store!(words, reinterpret(Int64, pointer(fault.message)), 3)
        unsafe_store!(words, Int64(ncodeunits(fault.message)), 4)
        unsafe_store!(words, fault.line, 5)
    end
    return
end
