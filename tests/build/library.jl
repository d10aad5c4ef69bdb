struct Point
    x::Float64
    y::Float64
end

struct Sour <: Exception
    msg::String
end

const seen = Dict{Int64,Int64}()

half(x::Float64) = x / 2
add(x::Int64, y::Int64) = x + y
add(x::Float64, y::Float64) = x + y
narrow(x::Int8) = x + Int8(1)
flip(x::Bool) = !x
big(x::Int128) = x + 1
turn(z::ComplexF64) = z * im
rounded(x::Float16) = x + Float16(0.25)
next(c::Char) = c + 1
greet(name::String) = "hello " * name

double!(v::Vector{Float64}) = (v .*= 2; v)
outer(a::Vector{Float64}, b::Vector{Float64}) = a * b'
trace(a::Matrix{Float64}) = sum(a[i, i] for i in 1:min(size(a)...))
tail(v::Vector{Float64}) = unsafe_wrap(Array, pointer(v, 2), length(v) - 1)

mid(p::Point, q::Point) = Point((p.x + q.x) / 2, (p.y + q.y) / 2)
shift(points::Vector{Point}) = [Point(p.x + 1, p.y) for p in points]
extremes(v::Vector{Int64}) = (least = minimum(v), most = maximum(v))
counted(v::Vector{Int32}) = (v .+ Int32(1), length(v))
find(v::Vector{Int64}, x::Int64) = findfirst(==(x), v)

function checked(x::Int64)
    x < 0 && throw(DomainError(x, "negative"))
    x == 0 && throw(Sour("zero"))
    return [10, 20, 30][x]
end

function remember(x::Int64)
    seen[x] = get(seen, x, 0) + 1
    return length(seen)
end

anything(x) = x
