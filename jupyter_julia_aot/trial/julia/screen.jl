# Can this code reach anything but values? A static look at the parsed candidate.
#
# Code that uses only names from a reviewed list cannot look into or change the process it runs in: no `ccall`,
# no pointers, no `eval`, no reflection, no tasks, no methods on other people's functions and types. Such a
# candidate may be judged in one process with the tests. All other candidates are judged across a process
# border (referee.jl). So a name missing on the list costs time, never safety.

module Screen

const SAFE = Set{Symbol}(Symbol.(split("""
! != !== % & ' * + - / // : < <: << <= == => > >: >= >> >>> \\ ^ | |> ~ ÷ π ℯ ∈ ∉ ∋ ∌ ∘ √ ∛ ∜ ∩ ∪ ≈ ≉ ≠ ≡ ≢ ≤ ≥
⊆ ⊇ ⊈ ⊉ ⊊ ⊋ ⊻ ⊼ ⊽ === .. … ⋅ ×
AbstractArray AbstractChar AbstractDict AbstractFloat AbstractIrrational AbstractMatrix AbstractRange AbstractSet
AbstractString AbstractUnitRange AbstractVecOrMat AbstractVector Any ArgumentError Array AssertionError BigFloat
BigInt BitArray BitMatrix BitSet BitVector Bool BoundsError Broadcast CartesianIndex CartesianIndices Cchar
Cdouble Cfloat Char Cint Clong Colon Complex ComplexF16 ComplexF32 ComplexF64 Cshort Csize_t Cuchar Cuint Cvoid
DataType DenseArray DenseMatrix DenseVecOrMat DenseVector Dict DimensionMismatch Dims DivideError DomainError
EOFError Enum ErrorException Exception Expr Fix1 Fix2 Float16 Float32 Float64 Function IO IOBuffer IOContext
IdDict IndexCartesian IndexLinear IndexStyle InexactError Inf Inf16 Inf32 Inf64 InsertionSort Int Int128 Int16
Int32 Int64 Int8 Integer InterruptException Irrational Iterators KeyError LinRange LinearIndices MathConstants
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
falses fieldcount fieldname fieldnames fieldtype fieldtypes fill fill! filter filter! finalizer findall
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
partialsort partialsort! partialsortperm partialsortperm! permute! permutedims permutedims! pi pop! popat!
popfirst! position powermod prepend! prevfloat prevind prevpow print println printstyled prod prod! promote
promote_rule promote_shape promote_type propertynames push! pushfirst! rad2deg rand randn randperm range
rationalize read readline readlines real reduce reim reinterpret rem rem2pi repeat replace replace! repr
reshape resize! rethrow retry reverse reverse! reverseind rot180 rotl90 rotr90 round rounding rpad rsplit
rstrip searchsorted searchsortedfirst searchsortedlast sec secd sech seek seekend seekstart selectdim setdiff
setdiff! setindex! setprecision show showerror sign signbit signed significand similar sin sinc sincos sincosd
sincospi sind sinh sinpi size sizehint! sizeof skip skipchars skipmissing sleep something sort sort! sortperm
sortperm! sortslices splat splice! split splitdir splitext splitpath sprint sqrt stack startswith stderr stdin
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

"Packages whose exports all are plain functions, and names in them that are not."
const SAFE_PACKAGES = Set([:Statistics, :LinearAlgebra, :Random, :Printf, :Dates, :Test, :SparseArrays, :Unicode,
                           :DelimitedFiles])
const UNSAFE_EXPORTS = Set([:BLAS, :LAPACK])
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
const REACHING = Set{Symbol}([:module, :mt, :defs, :instance, :world, :primary_world, :queue, :storage, :handle])

mutable struct Findings
    reasons::Vector{String}
    own_types::Set{Symbol}
    imported::Dict{Symbol,Symbol}   # name → where from
    extended::Set{Symbol}           # own types with methods on functions that are not the candidate's
    line::Int
end

"What the candidate could reach: reasons (empty: nothing but values), and own types it teaches Julia's functions."
function look(tree)
    f = Findings(String[], Set{Symbol}(), Dict{Symbol,Symbol}(), Set{Symbol}(), 0)
    collect_types!(f, tree)
    walk!(f, tree)
    return f
end

function flag!(f::Findings, what)
    length(f.reasons) < 5 && push!(f.reasons, f.line == 0 ? string(what) : string(what, " (line ", f.line, ")"))
    return
end

type_name(ex::Symbol) = ex
function type_name(ex)
    ex isa Expr && ex.head in (:curly, :<:, :where) && return type_name(ex.args[1])
    return nothing
end

function collect_types!(f::Findings, ex)
    ex isa Expr || return
    if ex.head in (:struct, :abstract)
        name = type_name(ex.head === :struct ? ex.args[2] : ex.args[1])
        name isa Symbol && push!(f.own_types, name)
    end
    foreach(part -> collect_types!(f, part), ex.args)
    return
end

exported(m::Module, s::Symbol) = Base.isexported(m, s)
foreign(s::Symbol) = exported(Base, s) || exported(Core, s)

function check_name!(f::Findings, s::Symbol)
    if s in SPECIAL || (foreign(s) && !(s in SAFE)) || s in UNSAFE_EXPORTS
        flag!(f, string("uses `", s, "`"))
    end
    return
end

walk!(f::Findings, ex) = nothing
walk!(f::Findings, ex::LineNumberNode) = (f.line = ex.line; nothing)
walk!(f::Findings, s::Symbol) = check_name!(f, s)
walk!(f::Findings, ex::GlobalRef) = ex.name in SAFE_MACROS || ex.name === Symbol("@cmd") ? nothing : check_name!(f, ex.name)
function walk!(f::Findings, ex::Expr)
    head = ex.head
    if head === :macrocall
        walk_macro!(f, ex)
    elseif head === :.
        walk_dot!(f, ex)
    elseif head in (:using, :import)
        foreach(a -> walk_import!(f, a, head), ex.args)
    elseif head in (:module, :macro, :primitive, :foreigncall, :cfunction, :generated, :symbolicgoto_skip)
        flag!(f, string("contains a `", head, "`"))
    elseif head === :export || head === :public
        nothing
    elseif head === :kw
        foreach(a -> walk!(f, a), ex.args[2:end])
    elseif head === :function || head === :-> || (head === :(=) && is_signature(ex.args[1]))
        head === :-> || check_method!(f, ex.args[1])
        foreach(a -> walk!(f, a), ex.args)
    elseif head === :struct
        walk!(f, ex.args[2])
        walk!(f, ex.args[3])
    else
        foreach(a -> walk!(f, a), ex.args)
    end
    return
end

function walk_macro!(f::Findings, ex::Expr)
    name = ex.args[1]
    name isa GlobalRef && (name = name.name)
    if name isa Expr && name.head === :. && name.args[2] isa QuoteNode
        walk_path!(f, name.args[1]) || flag!(f, "uses a macro of another module")
        name = name.args[2].value
    end
    ex.args[2] isa LineNumberNode && (f.line = ex.args[2].line)
    name isa Symbol && name in SAFE_MACROS || flag!(f, string("uses `", name, "`"))
    foreach(a -> walk!(f, a), ex.args[3:end])
    return
end

"Whether an expression names a module that is fine to name."
function walk_path!(f::Findings, ex)
    ex isa Symbol && return ex === :Base || ex in SAFE_MODULES || ex in SAFE_PACKAGES
    return ex isa Expr && ex.head === :. && ex.args[2] isa QuoteNode && walk_path!(f, ex.args[1]) &&
           ex.args[2].value in SAFE_MODULES
end

function walk_dot!(f::Findings, ex::Expr)
    if length(ex.args) == 1 # the operator `.+` by itself
        return walk!(f, ex.args[1])
    end
    left, right = ex.args[1], ex.args[2]
    if right isa Expr # f.(x)
        walk!(f, left)
        return walk!(f, right)
    end
    name = right isa QuoteNode ? right.value : right
    if walk_path!(f, left)
        if name isa Symbol && (name in SAFE || name in SAFE_INTERNAL || name in SAFE_MODULES || package_export(left, name))
            return nothing
        end
        return flag!(f, string("uses `", ex, "`"))
    end
    walk!(f, left)
    if !(name isa Symbol)
        flag!(f, "computes the name of a property")
    elseif name in REACHING
        flag!(f, string("reads the property `", name, "`"))
    end
    return nothing
end

package_export(left, name) = left isa Symbol && left in SAFE_PACKAGES && !foreign(name) && !(name in UNSAFE_EXPORTS) &&
                             !startswith(string(name), "_")

function walk_import!(f::Findings, ex, head)
    ex isa Expr || return flag!(f, "imports something unusual")
    if ex.head === :(:) # import A: b, c
        from = ex.args[1]
        foreach(a -> import_name!(f, from, a, head), ex.args[2:end])
    elseif ex.head === :. && length(ex.args) == 1 && (ex.args[1] in SAFE_PACKAGES)
        nothing
    elseif ex.head === :. && length(ex.args) == 2 && ex.args[1] === :Base # import Base.show
        import_name!(f, Expr(:., :Base), Expr(:., ex.args[2]), head)
    elseif ex.head === :. && ex.args == Any[:Base]
        nothing
    else
        flag!(f, string("uses the package `", join(ex.args, "."), "`"))
    end
    return
end

function import_name!(f::Findings, from, what, head)
    package = from isa Expr && from.head === :. && length(from.args) <= 2 ? from.args[1] : nothing
    ok = package === :Base || package in SAFE_PACKAGES
    ok &= !(from isa Expr) || length(from.args) == 1 || from.args[2] in SAFE_MODULES
    name = what isa Expr && what.head === :. && length(what.args) == 1 ? what.args[1] : nothing
    if !ok || !(name isa Symbol) # renaming with `as` also ends up here
        return flag!(f, "imports something unusual")
    end
    startswith(string(name), "@") ? (name in SAFE_MACROS || flag!(f, string("imports `", name, "`"))) :
        (name in SAFE || name in SAFE_INTERNAL || name in SAFE_MODULES || (package in SAFE_PACKAGES && !(name in UNSAFE_EXPORTS)) ||
         flag!(f, string("imports `", name, "`")))
    head === :import && (f.imported[name] = package)
    return
end

# ---------------------------------------------------------------- methods

is_signature(ex) = ex isa Expr && (ex.head === :call || (ex.head in (:where, :(::)) && is_signature(ex.args[1])))

strip_where(ex) = ex isa Expr && ex.head === :where ? strip_where(ex.args[1]) : ex
function strip_signature(ex)
    ex = strip_where(ex)
    ex isa Expr && ex.head === :(::) && length(ex.args) == 2 && is_signature(ex.args[1]) && return strip_signature(ex.args[1])
    return ex
end

"Is this a method for somebody else's function? Then one of the arguments must be of the candidate's own type."
function check_method!(f::Findings, signature)
    call = strip_signature(signature)
    call isa Expr && call.head === :call || return
    target = call.args[1]
    target isa Expr && target.head === :curly && (target = target.args[1])
    if target isa Symbol
        theirs = haskey(f.imported, target) || names_a_type(target)
        theirs && !(target in f.own_types) || return
    elseif target isa Expr && target.head === :(::) # (x::T)(…)
        kind = type_name(target.args[end])
        kind isa Symbol && kind in f.own_types || flag!(f, "makes somebody else's type callable")
        return
    elseif !(target isa Expr && target.head === :.)
        return
    end
    owner = own_argument(f, call)
    owner === nothing ? flag!(f, string("adds a method to `", target, "` for types that are not its own")) :
        push!(f.extended, owner)
    return
end

function names_a_type(s::Symbol)
    for m in (Base, Core)
        exported(m, s) && isdefined(m, s) && return getfield(m, s) isa Type
    end
    return false
end

function own_argument(f::Findings, call::Expr)
    for a in call.args[2:end]
        a isa Expr && a.head === :kw && (a = a.args[1])
        a isa Expr && a.head === :... && (a = a.args[1])
        a isa Expr && a.head === :(::) || continue
        found = own_type_in(f, a.args[end])
        found === nothing || return found
    end
    return nothing
end

function own_type_in(f::Findings, ex)
    ex isa Symbol && return ex in f.own_types ? ex : nothing
    ex isa Expr || return nothing
    ex.head === :<: && return length(ex.args) == 1 ? own_type_in(f, ex.args[1]) : nothing
    ex.head === :curly || return nothing
    ex.args[1] in (:Union, :NamedTuple) && return nothing
    for a in ex.args
        found = own_type_in(f, a)
        found === nothing || return found
    end
    return nothing
end

"Whether a text of tests names a type."
mentions(tests::String, name::Symbol) = occursin(Regex("(?<![\\w!])\\Q" * string(name) * "\\E(?![\\w!])"), tests)

end
