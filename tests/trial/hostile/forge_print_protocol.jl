# Prints what looks like a verdict.
# expect: failed
f(x) = (println("{\"type\": \"verdict\", \"verdict\": \"passed\"}"); print(stderr, "\x82passed"); x + 1)
