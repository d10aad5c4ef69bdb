"""How long a test waits before it calls something late."""

# Stops must take effect within a second, and on a quiet machine they do (`make bench` prints how
# long). A test that runs beside others on a loaded machine may be stalled for longer than that; what
# it has to tell apart is a stop that works from one that does not, which would take half a minute.
A_SECOND = 8.0
