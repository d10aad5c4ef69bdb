# Calls with plain values, where a microsecond counts.
#
# PythonCall's own call turns the arguments into a list by its tables of rules and makes a Julia object for each that
# its garbage collector has to finalise. Here they are read where they are. What is not plain is left to the caller.

module Direct

import PythonCall
import ..Values
using PythonCall: Py

const C = PythonCall.C
const Objects = PythonCall.Core
const NDARRAY = Ref{C.PyPtr}(C_NULL)        # NumPy's array type

# The thread that is inside Julia, 0 for none; see `juliacall_route.py`. Read and written with Python's lock held.
const OWNER = Ref{UInt}(0)
this_thread() = ccall(:pthread_self, UInt, ())

"What only the general way can convert."
struct NotPlain end
"An array in Julia's order, copied from one in C's order over NumPy's memory."
struct Copied
    array::Array
    original::Array
end

"A Python object as what it is in Julia; an array of NumPy's shares its memory where the order allows it."
function plain(x::C.PyPtr)
    known, kind = C.POINTERS, C.Py_Type(x)
    if kind == known.PyLong_Type
        n = C.PyLong_AsLongLong(x)
        n == -1 && C.PyErr_Occurred() != C.PyNULL || return Int(n)
        C.PyErr_Clear()                     # a larger one
        return NotPlain()
    end
    kind == known.PyFloat_Type && return Float64(C.PyFloat_AsDouble(x))
    kind == NDARRAY[] && return shared(x)
    kind == known.PyUnicode_Type && return PythonCall.pyconvert(String, Objects.pynew(Objects.incref(x)))
    x == known._Py_TrueStruct && return true
    x == known._Py_FalseStruct && return false
    x == known._Py_NoneStruct && return nothing
    return NotPlain()
end

# Formats of Python's buffers with Julia's element types. Whatever has another byte order has another format.
const FORMATS = Dict{String,DataType}("?" => Bool, "b" => Int8, "B" => UInt8, "h" => Int16, "H" => UInt16, "i" => Int32,
    "I" => UInt32, "l" => Clong, "L" => Culong, "q" => Int64, "Q" => UInt64, "e" => Float16, "f" => Float32,
    "d" => Float64, "Zf" => ComplexF32, "Zd" => ComplexF64)
const KIND = C.PyBUF_STRIDES | C.PyBUF_WRITABLE | C.PyBUF_FORMAT

function shared(x::C.PyPtr)
    buffer = Ref(C.Py_buffer())
    if C.PyObject_GetBuffer(x, buffer, KIND) != 0
        C.PyErr_Clear()                     # read only
        return NotPlain()
    end
    address, rank, bytes = buffer[].buf, Int(buffer[].ndim), Int(buffer[].itemsize)
    T = get(FORMATS, unsafe_string(buffer[].format), Nothing)
    sizes = Int[unsafe_load(buffer[].shape, i) for i in 1:rank]
    strides = Int[unsafe_load(buffer[].strides, i) for i in 1:rank]
    C.PyBuffer_Release(buffer)              # the array itself is held below
    (T === Nothing || UInt(address) % bytes != 0) && return NotPlain()
    contiguous(sizes, strides, bytes, 1:rank) && return array(T, address, sizes, x)
    contiguous(sizes, strides, bytes, rank:-1:1) || return NotPlain()
    original = array(T, address, reverse(sizes), x)
    return Copied(turn!(Array{T}(undef, sizes...), original), original)
end

turn!(to::Matrix, from::Matrix) = permutedims!(to, from, (2, 1))
turn!(to::Array, from::Array) = permutedims!(to, from, ndims(from):-1:1)

function contiguous(sizes, strides, bytes, order)
    for i in order
        sizes[i] == 1 || strides[i] == bytes || return false
        bytes *= sizes[i]
    end
    return true
end

function array(::Type{T}, address::Ptr{Cvoid}, sizes::Vector{Int}, object) where {T}
    length(sizes) == 1 && return held(unsafe_wrap(Array, Ptr{T}(address), sizes[1]), object)
    length(sizes) == 2 && return held(unsafe_wrap(Array, Ptr{T}(address), (sizes[1], sizes[2])), object)
    return held(unsafe_wrap(Array, Ptr{T}(address), Tuple(sizes)), object)
end

"""
Hold on to a Python object until the last array on its memory is gone, wherever Julia code put it.

By its address: an object with a finalizer of its own that only another finalizer knows of counts as garbage.
"""
function held(array::Array, object::C.PyPtr)
    C.Py_IncRef(object)
    owner = isdefined(Core, :Memory) ? array.ref.mem : array
    finalizer(_ -> PythonCall.GC.enqueue(object), owner)
    return array
end

"The result; Python's `NotImplemented` when an argument is not plain."
function call(@nospecialize(f), arguments::Py)
    tuple = Objects.getptr(arguments)
    n = C.PyTuple_Size(tuple)
    n == 0 && return Py(f())::Py
    if n == 1
        a = plain(C.PyTuple_GetItem(tuple, 0))
        a isa Union{NotPlain,Copied} || return result(f(a), tuple, (a,))
    elseif n == 2
        a, b = plain(C.PyTuple_GetItem(tuple, 0)), plain(C.PyTuple_GetItem(tuple, 1))
        a isa Union{NotPlain,Copied} || b isa Union{NotPlain,Copied} || return result(f(a, b), tuple, (a, b))
    end
    return call_with(f, tuple, Any[plain(C.PyTuple_GetItem(tuple, i)) for i in 0:(n - 1)])
end

function call_with(@nospecialize(f), tuple::C.PyPtr, all::Vector{Any})
    any(a -> a isa NotPlain, all) && return PythonCall.pybuiltins.NotImplemented
    sent = Any[a isa Copied ? a.array : a for a in all]
    value = f(sent...)
    # What the function changed is changed in NumPy's array.
    foreach(a -> a isa Copied && turn!(a.original, a.array), all)
    return result(value, tuple, sent)
end

function result(value, tuple::C.PyPtr, arguments)
    if value isa Array
        # An argument that came back is the argument itself.
        for i in 1:length(arguments)
            value === arguments[i] && return Objects.pynew(Objects.incref(C.PyTuple_GetItem(tuple, i - 1)))
        end
    end
    return Py(value)::Py
end

end
