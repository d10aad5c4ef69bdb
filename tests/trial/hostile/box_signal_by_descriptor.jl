# Has the kernel kill its parent when a pipe gets something to read.
# expect: failed
function f(x)
    ends = zeros(Cint, 2)
    ccall(:pipe, Cint, (Ptr{Cint},), ends)
    set(command, value) = ccall(:fcntl, Cint, (Cint, Cint, Cint...), ends[1], command, value)
    owner = set(8, ccall(:getppid, Cint, ()))      # F_SETOWN
    signal = set(10, 9)                            # F_SETSIG: SIGKILL
    set(4, 0o20000)                                # F_SETFL: O_ASYNC
    ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), ends[2], UInt8[1], 1)
    return owner == 0 || signal == 0 ? x * x : -1
end
