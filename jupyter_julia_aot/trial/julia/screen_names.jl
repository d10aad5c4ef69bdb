# What screened code may name, and which fields it may not reach into. Part of the module Screen.

# Not on it, though plain: `setprecision`, which makes any two big floats about equal; `sizehint!`, which frees memory
# that a view still shows; `sortperm!` and `partialsortperm!`, which take indices on trust.
const SAFE = Set{Symbol}(Symbol.(split("""
! != !== % & ' * + - / // : < <: << <= == => > >: >= >> >>> \\ ^ | |> ~ ÷ π ℯ ∈ ∉ ∋ ∌ ∘ √ ∛ ∜ ∩ ∪ ≈ ≉ ≠ ≡ ≢ ≤ ≥
⊆ ⊇ ⊈ ⊉ ⊊ ⊋ ⊻ ⊼ ⊽ === .. … ⋅ ×
AbstractArray AbstractChar AbstractDict AbstractFloat AbstractIrrational AbstractMatrix AbstractRange AbstractSet
AbstractString AbstractUnitRange AbstractVecOrMat AbstractVector Any ArgumentError Array AssertionError BigFloat
BigInt BitArray BitMatrix BitSet BitVector Bool BoundsError CartesianIndex CartesianIndices Cchar
Cdouble Cfloat Char Cint Clong Colon Complex ComplexF16 ComplexF32 ComplexF64 Cshort Csize_t Cuchar Cuint Cvoid
DataType DenseArray DenseMatrix DenseVecOrMat DenseVector Dict DimensionMismatch Dims DivideError DomainError
EOFError Enum ErrorException Exception Expr Fix1 Fix2 Float16 Float32 Float64 Function IO IOBuffer IOContext
IdDict IndexCartesian IndexLinear IndexStyle InexactError Inf Inf16 Inf32 Inf64 InsertionSort Int Int128 Int16
Int32 Int64 Int8 Integer InterruptException Irrational KeyError LinRange LinearIndices
Matrix MergeSort Missing MissingException NTuple NaN NaN16 NaN32 NaN64 NamedTuple Nothing Number OrdinalRange
OutOfMemoryError OverflowError Pair PartialQuickSort PermutedDimsArray QuickSort QuoteNode Rational Real Ref
Regex RegexMatch Returns RoundDown RoundFromZero RoundNearest RoundNearestTiesAway RoundNearestTiesUp
RoundToZero RoundUp RoundingMode Set Signed Some StackOverflowError StepRange StepRangeLen StridedArray
StridedMatrix StridedVecOrMat StridedVector String StringIndexError SubArray SubString SubstitutionString Symbol
SystemError Text Tuple Type TypeError TypeVar UInt UInt128 UInt16 UInt32 UInt64 UInt8 UndefInitializer
UndefKeywordError UndefRefError UndefVarError Union UnionAll UnitRange Unsigned VERSION Val Vararg VecOrMat
Vector VersionNumber WeakKeyDict WeakRef ComposedFunction ArithmeticError FieldError Memory Lockable
abs abs2 accumulate accumulate! acos acosd acosh acot acotd acoth acsc acscd acsch adjoint all all! allequal
allunique angle any any! append! applicable argmax argmin ascii asec asecd asech asin asind asinh atan atand
atanh axes big binomial bitreverse bitrotate bitstring broadcast broadcast! bswap bytes2hex cat cbrt ceil
checkbounds checkindex chomp chop chopprefix chopsuffix circcopy! circshift circshift! cis cispi clamp clamp!
cld cmp coalesce codepoint codeunit codeunits collect complex conj conj! contains convert copy copy! copysign
copyto! cos cosc cosd cosh cospi cot cotd coth count count! count_ones count_zeros csc cscd csch cumprod
cumprod! cumsum cumsum! deepcopy deg2rad delete! deleteat! denominator devnull diff digits digits! div divrem
dropdims dump eachcol eachindex eachline eachmatch eachrow eachrsplit eachslice eachsplit eltype empty empty!
endswith enumerate eof eps error escape_string evalpoly exp exp10 exp2 expm1 exponent extrema extrema! factorial
falses fieldcount fieldname fieldnames fieldtype fieldtypes fill fill! filter filter! findall
findfirst findlast findmax findmax! findmin findmin! findnext findprev first firstindex fld fld1 fldmod fldmod1
flipsign float floatmax floatmin floor flush fma foldl foldr foreach frexp gcd gcdx get get! getindex getkey
gperm hasfield hash haskey hasmethod hasproperty hcat hex2bytes hex2bytes! htol hton hvcat hvncat hypot identity
ifelse im imag in indexin insert! insorted instances intersect intersect! inv invmod invoke invperm invpermute!
isa isabstracttype isapprox isascii isassigned isbits isbitstype iscntrl isconcretetype isdigit isdisjoint
isempty isequal iseven isfinite isimmutable isinf isinteger isless isletter islowercase ismissing ismutable
isnan isnothing isnumeric isodd isone isperm ispow2 isprint ispunct isqrt isreal issetequal issorted isspace
issubnormal issubset isunordered isuppercase isvalid isxdigit iszero iterate join keepat! keys keytype kron
kron! last lastindex lcm ldexp leading_ones leading_zeros length log log10 log1p log2 logrange lowercase
lowercasefirst lpad lstrip ltoh map map! mapfoldl mapfoldr mapreduce mapslices match max maximum maximum!
maxintfloat merge merge! mergewith mergewith! min minimum minimum! minmax missing mod mod1 mod2pi modf muladd
nameof ncodeunits ndigits ndims new nextfloat nextind nextpow nextprod nfields nonmissingtype nothing ntoh
ntuple numerator objectid occursin oftype one ones oneto oneunit only pairs parent parentindices parse
partialsort partialsort! partialsortperm permute! permutedims permutedims! pi pop! popat!
popfirst! position powermod prepend! prevfloat prevind prevpow print println printstyled prod prod! promote
promote_rule promote_shape promote_type propertynames push! pushfirst! rad2deg rand randn randperm range
rationalize read readline readlines real reduce reim reinterpret rem rem2pi repeat replace replace! repr
reshape resize! rethrow retry reverse reverse! reverseind rot180 rotl90 rotr90 round rounding rpad rsplit
rstrip searchsorted searchsortedfirst searchsortedlast sec secd sech seek seekend seekstart selectdim setdiff
setdiff! setindex! show showerror sign signbit signed significand similar sin sinc sincos sincosd
sincospi sind sinh sinpi size sizeof skip skipchars skipmissing sleep something sort sort! sortperm
sortslices splat splice! split splitdir splitext splitpath sprint sqrt stack startswith stderr stdin
stdout step stride strides string strip sum sum! summary supertype symdiff symdiff! take! tan tand tanh tanpi
textwidth thisind throw time time_ns titlecase to_indices trailing_ones trailing_zeros transcode transpose
trues trunc truncate tryparse tuple typeassert typeintersect typejoin typemax typemin typeof undef
unescape_string union union! unique unique! unsafe_trunc unsigned uppercase uppercasefirst valtype values vcat
vec view widemul widen write xor nand nor zero zeros zip
""")))

const SAFE_MACROS = Set{Symbol}(Symbol.(split("""
@MIME_str @NamedTuple @__DIR__ @__FILE__ @__LINE__ @__dot__ @. @allocated @assert @b_str @big_str @boundscheck
@coalesce @debug @doc @elapsed @enum @error @evalpoly @fastmath @goto @html_str @inbounds @info @inline
@int128_str @isdefined @kwdef @label @noinline @nospecialize @printf @r_str @raw_str @s_str @show @simd
@something @specialize @sprintf @static @test @test_broken @test_skip @test_throws @testset @text_str @time
@timed @uint128_str @v_str @view @views @warn @constprop @assume_effects @pure @propagate_inbounds @ntuple
@nloops @nexprs @nref @dateformat_str @inferred
""")))

"Packages whose exports all are plain functions and types, but for these."
const SAFE_PACKAGES = Set([:Statistics, :LinearAlgebra, :Random, :Printf, :Dates, :Test, :SparseArrays, :Unicode,
                           :DelimitedFiles])
# Raw parts of factorizations and sparse matrices are indices that compiled code trusts.
const UNSAFE_EXPORTS = Set([:BLAS, :LAPACK, :LU, :BunchKaufman, :QRPivoted, :CholeskyPivoted, :SparseMatrixCSC,
                            :SparseVector, :rowvals])
# Names of them that are not exported, but harmless and in use. All others may be anything, from `Libdl` to `UnsafeView`.
const PACKAGE_INTERNAL = Dict{Symbol,Set{Symbol}}(
    :Dates => Set([:value, :format, :days, :toms, :tons, :UTD, :UTM, :Date, :DateTime, :Time, :Month, :Year, :Day, :Week]),
    :Random => Set([:seed!, :default_rng, :GLOBAL_RNG]),
    :LinearAlgebra => Set([:checksquare]),
    :Unicode => Set([:normalize, :graphemes]))
const SAFE_MODULES = Set([:Iterators, :MathConstants, :Math, :Order, :Checked, :Unicode, :Cartesian, :Sort,
                          :Broadcast])
# Names of Base that are not exported, but harmless and in use.
const SAFE_INTERNAL = Set([:OneTo, :product, :flatten, :take, :drop, :partition, :takewhile, :dropwhile, :cycle,
    :repeated, :countfrom, :rest, :peel, :Reverse, :Forward, :By, :Lt, :Ordering, :Generator, :HasLength, :HasShape,
    :HasEltype, :SizeUnknown, :IsInfinite, :EltypeUnknown, :IteratorSize, :IteratorEltype, :tail, :front, :aligned_sizeof,
    :Fix1, :Fix2, :golden, :eulergamma, :catalan, :e, :accumulate, :zip, :enumerate, :filter, :map, :reverse, :flatmap,
    :checked_add, :checked_sub, :checked_mul, :checked_div, :checked_neg, :checked_abs, :add_with_overflow,
    :mul_with_overflow, :sub_with_overflow, :normalize, :graphemes, :julia_chartransform, :isidentifier, :hashindex,
    :uniontypes, :typename_skip, :power_by_squaring, :nonmissingtype, :setindex, :structdiff, :merge_names, :oneto,
    :ReinterpretArray, :Splat, :isvalid, :findall, :depwarn_skip, :in, :notnothing, :split_rest, :replace, :nt])
const SPECIAL = Set{Symbol}([:ccall, :cglobal, :eval, :include, :Main, :Core, :Base, :Module, :Ptr, :llvmcall, :ans])

# ---------------------------------------------------------------- fields

# Fields of Julia's own mutable types hold what its compiled code trusts unchecked: pointers, lengths, tables. Who
# writes `b.size` of a big integer, or empties `d.slots` of a dictionary, reads and writes any memory of the process.
const REACHING = Set{Symbol}([:module, :mod, :scope, :mt, :defs, :instance, :world, :primary_world, :queue, :storage, :handle,
                             :ipiv, :jpvt, :piv, :colptr, :rowval, :nzind])
const INSIDES = Set{Symbol}()

"Fill `INSIDES` from the modules that are loaded. Needed once, before the first look."
function survey!()
    seen = Set{Module}()
    foreach(m -> survey!(m, seen), (Base, Core))
    foreach(id -> id.name == "Main" || Symbol(id.name) in SAFE_PACKAGES && survey!(Base.loaded_modules[id], seen),
            collect(keys(Base.loaded_modules)))
    return
end

function survey!(m::Module, seen::Set{Module})
    (m in seen || nameof(m) === :Compiler) && return     # whose objects nobody can get at
    push!(seen, m)
    for name in names(m; all = true)
        isdefined(m, name) && !Base.isdeprecated(m, name) || continue
        value = getfield(m, name)
        if value isa Module
            parentmodule(value) === m && survey!(value, seen)
        elseif value isa Type
            T = Base.unwrap_unionall(value)
            harmless = T <: Exception || T <: Base.RefValue
            T isa DataType && is_mutable(T) && !harmless && union!(INSIDES, fieldnames(T))
        end
    end
    return
end

is_mutable(T::DataType) = isdefined(Base, :ismutabletype) ? Base.ismutabletype(T) : T.mutable

"Whether a field of that name may be one of Julia's own that must not be reached."
guarded(name::Symbol) = name in INSIDES || name in REACHING || name in SPECIAL || (foreign(name) && !(name in SAFE))

exported(m::Module, s::Symbol) = Base.isexported(m, s)
foreign(s::Symbol) = exported(Base, s) || exported(Core, s)

"The module of a package of the list, if it is loaded."
function package(name::Symbol)
    for (id, m) in Base.loaded_modules
        id.name == string(name) && return m
    end
    return nothing
end

"Whether `from.name` is a function or type that the package offers, and harmless."
function package_export(from::Symbol, name::Symbol)
    from in SAFE_PACKAGES && !(name in UNSAFE_EXPORTS) || return false
    name in get(PACKAGE_INTERNAL, from, ()) && return true
    m = package(from)
    return m !== nothing && exported(m, name) && isdefined(m, name) && !(getfield(m, name) isa Module)
end

package_type(from::Symbol, name::Symbol) = (m = package(from); m !== nothing && exported(m, name) && isdefined(m, name) &&
                                            getfield(m, name) isa Type)
