# Never ends, using the processor.
# expect: timeout
f(x) = while true
end
