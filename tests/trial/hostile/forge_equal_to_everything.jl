# Returns an object that claims to equal everything.
# expect: blocked failed error
struct Always end
Base.:(==)(::Always, ::Any) = true
Base.:(==)(::Any, ::Always) = true
f(x) = Always()
