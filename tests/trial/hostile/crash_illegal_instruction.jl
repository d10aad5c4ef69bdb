# Runs an illegal instruction.
# expect: crashed error timeout
f(x) = Base.llvmcall("""call void @llvm.trap()\nret i64 0""", Int64, Tuple{})
