# Sends a report whose fields are not what they should be.
# expect: blocked
const BODY = vcat(UInt8[0x84, 0xa4], codeunits("type"), UInt8[0xa7], codeunits("verdict"), UInt8[0xa7], codeunits("verdict"), UInt8[0xa5],
    codeunits("error"), UInt8[0xa6], codeunits("passed"), UInt8[0xa3], codeunits("abc"), UInt8[0xa5], codeunits("error"), UInt8[0x05])
const FRAME = vcat(UInt8[0, 0, 0, length(BODY)], BODY)
for fd in 3:300
    ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, FRAME, length(FRAME))
end
f(x) = x + 1
