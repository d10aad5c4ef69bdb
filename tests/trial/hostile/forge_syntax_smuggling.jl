# Closes a block that is not its own.
# expect: syntax
f(x) = x * x
end
exit(0)
begin
