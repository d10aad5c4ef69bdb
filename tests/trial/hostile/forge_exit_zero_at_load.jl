# Ends the process with success before the tests.
# expect: crashed
exit(0)
