# Steps of a smoke test: each says that it begins before it begins, so that a crash has a name.

const MARK = "julia-aot\t"
one_line(text) = replace(first(String(text), 1500), r"\s+" => " ")
tell(what, state, detail = "") = (println(MARK, what, '\t', state, '\t', one_line(string(detail))); flush(stdout))

"Run a step; the process ends after the first one that fails."
function step(work, name::String)
    tell(name, "begun")
    detail = try
        Base.invokelatest(work)
    catch fault
        tell(name, "failed", sprint(showerror, fault))
        exit(1)
    end
    tell(name, "passed", detail === nothing ? "" : detail)
end
fact(name, value) = tell(name, "fact", value)

close_to(a, b) = size(a) == size(b) && maximum(abs.(a .- b)) <= 1f-3 * max(1f0, maximum(abs.(b)))
