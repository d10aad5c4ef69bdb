# The oracle's checks: `@test` and its relatives, rewritten to report to a tally of ours.
# The Test package's own machinery (test sets, `Test.record`) is not used for the verdict, so there is nothing
# in it to override, throw away or fill.

module Checks

mutable struct Tally
    passed::Int
    failed::Int
    failures::Vector{String}
    fault::Any          # the first exception (with its backtrace) that is no failed check
    first::Symbol       # :none, :failed or :error — the first thing that went wrong
    sites::Vector{Any}  # (line, conditional) per check in the source
    seen::Vector{Int}   # how often each was reached
end
Tally() = Tally(0, 0, String[], nothing, :none, Any[], Int[])

const MOST_FAILURES = 20
const LONGEST = 1000

struct OracleStop <: Exception end     # a failed @assert ends the program, as it would by itself

# ---------------------------------------------------------------- what the rewritten oracle calls

function reached!(t::Tally, site::Int)
    t.seen[site] += 1
    return
end

function passed!(t::Tally)
    t.passed += 1
    return true
end

function failed!(t::Tally, site::Int, text::String, detail::String = "")
    t.failed += 1
    t.first === :none && (t.first = :failed)
    note!(t, site, isempty(detail) ? text : string(text, "\n  ", detail))
    return false
end

function note!(t::Tally, site::Int, text::String)
    length(t.failures) < MOST_FAILURES || return
    line = t.sites[site][1]
    push!(t.failures, clip(line == 0 ? text : string("line ", line, ": ", text)))
    return
end

clip(text::String) = length(text) <= LONGEST ? text : string(first(text, LONGEST), "…")

"A value as a reader sees it, whatever its own `show` does."
function shown(value)
    try
        return clip(sprint(show, value; context = :limit => true))
    catch
        return string("a ", typeof(value), " that cannot be shown")
    end
end

function truth!(t::Tally, site::Int, text::String, value, detail = nothing)
    reached!(t, site)
    value === true && return passed!(t)
    if value === false
        return failed!(t, site, text, detail === nothing ? "" : string("evaluated: ", detail()))
    end
    return failed!(t, site, text, string("is no Bool but ", shown(value)))
end

function compared!(t::Tally, site::Int, text::String, op::String, value, left, right)
    return truth!(t, site, text, value, () -> string(shown(left), " ", op, " ", shown(right)))
end

function raised!(t::Tally, site::Int, text::String, fault, trace)
    fault isa OracleStop && throw(fault)
    reached!(t, site)
    t.failed += 1
    if t.first === :none
        t.first = :error
    end
    t.fault === nothing && (t.fault = (fault, trace))
    note!(t, site, string(text, "\n  raised: ", clip(describe(fault))))
    return false
end

"A broken test: it must not hold."
function broken!(t::Tally, site::Int, text::String, value)
    reached!(t, site)
    value === true && return failed!(t, site, text, "was marked as broken and holds")
    return passed!(t)
end

function threw!(t::Tally, site::Int, text::String, expected, fault)
    fault isa OracleStop && throw(fault)
    reached!(t, site)
    matches(expected, fault) && return passed!(t)
    return failed!(t, site, text, string("raised: ", clip(describe(fault))))
end

function did_not_throw!(t::Tally, site::Int, text::String)
    reached!(t, site)
    return failed!(t, site, text, "raised nothing")
end

function matches(expected, fault)
    fault isa LoadError && !(expected === LoadError) && return matches(expected, fault.error)
    expected isa Type && return fault isa expected
    expected isa Exception && return same_fault(expected, fault)
    expected isa AbstractString && return occursin(expected, describe(fault))
    expected isa Regex && return occursin(expected, describe(fault))
    expected isa Union{AbstractVector,Tuple} && return all(e -> matches(e, fault), expected)
    expected isa Function && return Base.invokelatest(expected, describe(fault)) === true
    return false
end

function same_fault(expected, fault)
    typeof(expected) === typeof(fault) || return false
    for i in 1:nfields(expected)
        isequal(getfield(expected, i), getfield(fault, i)) || return false
    end
    return true
end

function describe(fault)
    try
        return Base.invokelatest(sprint, showerror, fault)
    catch
        return string("a ", typeof(fault), " that cannot be shown")
    end
end

function asserted!(t::Tally, site::Int, text::String, value)
    truth!(t, site, text, value) || throw(OracleStop())
    return nothing
end

"An exception inside a test set but outside a check: recorded, the next test set runs."
function escaped!(t::Tally, fault, trace)
    fault isa OracleStop && throw(fault)
    t.failed += 1
    t.first === :none && (t.first = :error)
    t.fault === nothing && (t.fault = (fault, trace))
    length(t.failures) < MOST_FAILURES && push!(t.failures, string("outside a check: ", clip(describe(fault))))
    return nothing
end

# ---------------------------------------------------------------- rewriting

const COMPARISONS = Set([:(==), :(!=), :(===), :(!==), :<, :>, :<=, :>=, :≤, :≥, :≠, :≈, :≉, :∈, :∉, :in, :isa,
                         :isequal, :isapprox, :⊆, :⊊, :issubset, :issetequal, :startswith, :endswith, :occursin])
const TEST_MACROS = Set(Symbol.(["@test", "@test_throws", "@test_broken", "@test_skip", "@testset", "@assert",
                                 "@test_logs", "@test_warn", "@test_nowarn", "@test_deprecated"]))

"Rewrite an oracle so that its checks report to `t`; also fills `t.sites`."
instrument(ex, t::Tally) = rewrite(ex, t, false, 0)

macro_name(f::Symbol) = f
macro_name(f::GlobalRef) = f.name
macro_name(f::QuoteNode) = macro_name(f.value)
macro_name(f::Expr) = f.head === :. && length(f.args) == 2 ? macro_name(f.args[2]) : :none
macro_name(f) = :none

rewrite(ex, t::Tally, conditional::Bool, line::Int) = ex
function rewrite(ex::Expr, t::Tally, conditional::Bool, line::Int)
    head = ex.head
    head in (:quote, :inert, :meta) && return ex
    if head === :macrocall
        name = macro_name(ex.args[1])
        at = ex.args[2] isa LineNumberNode ? ex.args[2].line : line
        name in TEST_MACROS && return rewrite_macro(name, ex, t, conditional, at)
        return Expr(:macrocall, ex.args[1], ex.args[2],
                    Any[rewrite(a, t, conditional, at) for a in ex.args[3:end]]...)
    end
    head in (:using, :import) && return without_test(ex)
    # Whether a check below must be reached: not when it hangs on a condition.
    below = conditional || head in (:if, :elseif, :&&, :||, :catch)
    args = Any[]
    for (i, a) in enumerate(ex.args)
        a isa LineNumberNode && (line = a.line)
        inside = head === :try ? conditional || i > 1 : below && !(i == 1 && head in (:if, :elseif, :&&, :||)) || conditional
        push!(args, rewrite(a, t, inside, line))
    end
    return Expr(head, args...)
end

# `using Test` would bring the macros' names in conflict with nothing, but costs time and is not needed.
function without_test(ex::Expr)
    kept = Any[a for a in ex.args if !(a isa Expr && a.head === :. && a.args == Any[:Test])]
    length(kept) == length(ex.args) && return ex
    return isempty(kept) ? nothing : Expr(ex.head, kept...)
end

function new_site!(t::Tally, line::Int, conditional::Bool)
    push!(t.sites, (line, conditional))
    push!(t.seen, 0)
    return length(t.sites)
end

text_of(ex) = clip(replace(string(strip_lines(ex)), r"\s*\n\s*" => " "))
strip_lines(ex) = ex isa Expr ? Base.remove_linenums!(deepcopy(ex)) : ex

guarded(body, handler) = Expr(:try, body, :_fault_, handler)
trace() = Expr(:call, catch_backtrace)

function rewrite_macro(name::Symbol, ex::Expr, t::Tally, conditional::Bool, line::Int)
    args = Any[rewrite(a, t, conditional, line) for a in ex.args[3:end]]
    name === Symbol("@testset") && return rewrite_testset(args, t)
    name === Symbol("@test_skip") && return nothing
    isempty(args) && return ex
    if name === Symbol("@assert")
        site = new_site!(t, line, conditional)
        return Expr(:call, asserted!, t, site, text_of(args[1]), args[1])
    elseif name === Symbol("@test")
        return rewrite_test(args, t, conditional, line)
    elseif name === Symbol("@test_broken")
        site = new_site!(t, line, conditional)
        text = text_of(args[1])
        return guarded(Expr(:call, broken!, t, site, text, args[1]),
                       Expr(:call, broken!, t, site, text, false))
    elseif name === Symbol("@test_throws") && length(args) >= 2
        return rewrite_throws(args, t, conditional, line)
    end
    # @test_logs, @test_warn …: Test's own macro does the work and throws when it does not hold.
    site = new_site!(t, line, conditional)
    call = Expr(:macrocall, GlobalRef(test_package(), name), ex.args[2], args...)
    text = text_of(Expr(:macrocall, name, ex.args[2], ex.args[3:end]...))
    return guarded(Expr(:block, call, Expr(:call, truth!, t, site, text, true)),
                   Expr(:call, raised!, t, site, text, :_fault_, trace()))
end

test_package() = Base.require(Base.PkgId(Base.UUID("8dfed614-e22c-5e08-85e1-65c5234f0b40"), "Test"))

function rewrite_test(args::Vector{Any}, t::Tally, conditional::Bool, line::Int)
    ex = args[1]
    settings = Any[Expr(:kw, a.args[1], a.args[2]) for a in args[2:end] if a isa Expr && a.head === :(=)]
    skip, broken = false, false
    for s in settings
        s.args[1] === :skip && (skip = s.args[2])
        s.args[1] === :broken && (broken = s.args[2])
    end
    filter!(s -> !(s.args[1] in (:skip, :broken)), settings)
    skip === false || return Expr(:if, skip, nothing, rewrite_test(Any[ex; without(args, :skip)], t, true, line))
    if !isempty(settings) && ex isa Expr && ex.head === :call
        ex = Expr(:call, ex.args[1], Expr(:parameters, settings...), ex.args[2:end]...)
    end
    site = new_site!(t, line, conditional)
    text = text_of(ex)
    plain = guarded(judged(ex, t, site, text), Expr(:call, raised!, t, site, text, :_fault_, trace()))
    broken === false && return plain
    inverse = guarded(Expr(:call, broken!, t, site, text, ex), Expr(:call, broken!, t, site, text, false))
    return broken === true ? inverse : Expr(:if, broken, inverse, plain)
end

without(args, name) = Any[a for a in args[2:end] if !(a isa Expr && a.head === :(=) && a.args[1] === name)]

# `left == right` shows both values when it does not hold.
function judged(ex, t::Tally, site::Int, text::String)
    if ex isa Expr && ex.head === :comparison && length(ex.args) == 3
        ex = Expr(:call, ex.args[2], ex.args[1], ex.args[3])
    end
    if ex isa Expr && ex.head === :call && ex.args[1] in COMPARISONS
        values = Any[a for a in ex.args[2:end] if !(a isa Expr && a.head in (:parameters, :kw))]
        if length(values) == 2 && !any(a -> a isa Expr && a.head === :..., values)
            rest = Any[a for a in ex.args[2:end] if a isa Expr && a.head in (:parameters, :kw)]
            left, right = gensym("left"), gensym("right")
            call = Expr(:call, ex.args[1], rest..., left, right)
            return Expr(:let, Expr(:block, Expr(:(=), left, values[1]), Expr(:(=), right, values[2])),
                        Expr(:block, Expr(:call, compared!, t, site, text, string(ex.args[1]), call, left, right)))
        end
    end
    return Expr(:call, truth!, t, site, text, ex)
end

function rewrite_throws(args::Vector{Any}, t::Tally, conditional::Bool, line::Int)
    expected, ex = args[1], args[2]
    site = new_site!(t, line, conditional)
    text = string("@test_throws ", text_of(expected), " ", text_of(ex))
    outcome = gensym("outcome")
    # The verdict is given outside the `try`, so that it is not caught by it.
    return Expr(:let, Expr(:(=), outcome, nothing), Expr(:block,
        guarded(Expr(:block, ex, nothing), Expr(:(=), outcome, Expr(:call, Some, :_fault_))),
        Expr(:if, Expr(:call, ===, outcome, nothing),
             Expr(:call, did_not_throw!, t, site, text),
             Expr(:call, threw!, t, site, text, expected, Expr(:call, something, outcome)))))
end

function rewrite_testset(args::Vector{Any}, t::Tally)
    isempty(args) && return nothing
    body = args[end]
    if body isa Expr && body.head === :for
        inner = Expr(:for, body.args[1], protected(body.args[2], t))
        return inner
    end
    return Expr(:let, Expr(:block), Expr(:block, protected(body, t)))
end

protected(body, t::Tally) =
    guarded(Expr(:block, body, nothing), Expr(:call, escaped!, t, :_fault_, trace()))

"`exit` as the oracle sees it: it ends the oracle, not the process."
function oracle_exit!(t::Tally, code = 0)
    if code != 0
        t.failed += 1
        t.first === :none && (t.first = :failed)
        length(t.failures) < MOST_FAILURES && push!(t.failures, string("the test program ended with exit code ", code))
    end
    throw(OracleStop())
end

"""
Whether a program without any check still can fail by itself: it calls `error`, `throw` or `exit`.
Then reaching its end is its one check.
"""
can_fail(ex) = false
can_fail(ex::Expr) = (ex.head === :call && ex.args[1] in (:error, :throw, :exit)) || any(can_fail, ex.args)

"Why the checks that ran are not all that should have run; empty when they are."
function missing_checks(t::Tally)
    t.passed + t.failed == 0 && return "no check of the tests ran"
    for (i, (line, conditional)) in enumerate(t.sites)
        if t.seen[i] == 0 && !conditional
            return line == 0 ? "a check never ran" : "the check in line $line never ran"
        end
    end
    return ""
end

end
