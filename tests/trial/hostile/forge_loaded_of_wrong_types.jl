# Says that it is loaded, and nothing else.
# expect: blocked
const BODY = vcat(UInt8[0x81, 0xa4], codeunits("type"), UInt8[0xa6], codeunits("loaded"))
const FRAME = vcat(UInt8[0, 0, 0, length(BODY)], BODY)
for fd in 3:300
    ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, FRAME, length(FRAME))
end
f(x) = x + 1
