# Jumps out of the test.
# expect: failed crashed error
f(x) = ccall(:jl_eh_restore_state, Cvoid, (Ptr{Cvoid},), C_NULL)
