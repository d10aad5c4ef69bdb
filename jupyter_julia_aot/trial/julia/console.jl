# What a session shows: text in the order it was written, and values by MIME type.
#
# Everything printed goes into one pipe, so that the order of standard output, standard error, the output of
# child processes and displayed values is the order in which they were written. A mark in the pipe says what
# follows: NUL, STX, the session's token, then `o` (standard output), `e` (standard error), `d…` (the displayed
# value with that number, sent over the channel) or `x…` (the end of that request), then ETX.

module Console

const TOKEN = Ref("")
const CURRENT = Ref('o')
const SHOWN = Ref(0)
const SEND_DISPLAY = Ref{Any}(nothing)
const MOST_BYTES = 32 << 20

struct Stream <: IO
    kind::Char
end

function put(data::Ptr{UInt8}, n::UInt)
    done = UInt(0)
    while done < n
        got = ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), 1, data + done, n - done)
        if got >= 0
            done += got % UInt
        elseif !(Base.Libc.errno() in (Base.Libc.EINTR, Base.Libc.EAGAIN))
            return n                # nobody reads any more: the parent is gone, and so will this process be
        end
    end
    return n
end

function mark(what::AbstractString)
    text = string('\0', '\x02', TOKEN[], what, '\x03')
    GC.@preserve text put(pointer(text), sizeof(text) % UInt)
    return
end

function switch(kind::Char)
    CURRENT[] == kind && return
    CURRENT[] = kind
    mark(string(kind))
end

function Base.unsafe_write(s::Stream, data::Ptr{UInt8}, n::UInt)
    switch(s.kind)
    put(data, n)
    # What child processes and C code print is standard output unless they say otherwise.
    s.kind == 'o' || switch('o')
    return Int(n)
end
Base.write(s::Stream, byte::UInt8) = unsafe_write(s, Ref(byte), 1)
Base.isopen(::Stream) = true
Base.close(::Stream) = nothing
Base.flush(::Stream) = nothing
Base.isreadable(::Stream) = false
Base.iswritable(::Stream) = true
Base.displaysize(::Stream) = (40, 110)

install(name::Symbol, s::Stream) = (Core.eval(Base, Expr(:(=), name, s)); s)

# So that `redirect_stdout(old)` in the user's code can put ours back.
if isdefined(Base, :RedirectStdStream)
    (f::Base.RedirectStdStream)(s::Stream) = install(f.unix_fd == 1 ? :stdout : :stderr, s)
else
    Base.redirect_stdout(s::Stream) = install(:stdout, s)
    Base.redirect_stderr(s::Stream) = install(:stderr, s)
end

"Make this process's standard streams ours. Descriptors 1 and 2 are one pipe from here on."
function take_over()
    install(:stdout, Stream('o'))
    install(:stderr, Stream('e'))
    logger = Base.CoreLogging.global_logger()
    # Older Julias' logger holds on to the first stderr; newer ones ask for the current one each time.
    hasproperty(logger, :stream) && isopen(logger.stream) &&
        Base.CoreLogging.global_logger(typeof(logger)(Stream('e')))
    pushdisplay(Screen())
    return
end

"All that was printed for a request is in the pipe before its end mark."
function finish(id::Int)
    ccall(:fflush, Cint, (Ptr{Cvoid},), C_NULL)
    switch('o')
    mark(string('x', id))
end

# ---------------------------------------------------------------- values by MIME type

struct Screen <: AbstractDisplay end

const TEXTS = ["text/html", "text/markdown", "text/latex", "image/svg+xml"]

function rendered(mime::MIME, x)
    io = IOBuffer()
    context = IOContext(io, :limit => true, :color => false, :displaysize => (40, 110), :module => Main)
    Base.invokelatest(show, context, mime, x)
    data = take!(io)
    return length(data) <= MOST_BYTES ? data : nothing
end

"A value as (MIME type → text, or bytes for images); what cannot be shown that way is left out."
function bundle(x)
    shown = Dict{String,Any}()
    data = rendered(MIME("text/plain"), x)
    shown["text/plain"] = data === nothing ? summary(x) : String(data)
    for name in TEXTS
        Base.invokelatest(showable, MIME(name), x) || continue
        data = rendered(MIME(name), x)
        data === nothing || (shown[name] = String(data))
    end
    if Base.invokelatest(showable, MIME("image/png"), x)
        data = rendered(MIME("image/png"), x)
        data === nothing || (shown["image/png"] = data)
    end
    return shown
end

function send(shown::Dict{String,Any})
    SHOWN[] += 1
    SEND_DISPLAY[](SHOWN[], shown)
    mark(string('d', SHOWN[]))
end

Base.display(::Screen, x) = send(bundle(x))
function Base.display(::Screen, mime::MIME, x)
    # As in other notebooks a string is text of that type already, and bytes are that picture.
    raw = istextmime(mime) ? x isa AbstractString : x isa Vector{UInt8}
    data = raw ? Vector{UInt8}(x) : rendered(mime, x)
    data === nothing && return
    send(Dict{String,Any}(string(mime) => startswith(string(mime), r"text/|image/svg") ? String(data) : data))
end
Base.display(s::Screen, mime::AbstractString, x) = display(s, MIME(mime), x)
Base.displayable(::Screen, ::MIME) = true

end
