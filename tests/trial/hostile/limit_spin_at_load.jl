# Never ends while being loaded.
# expect: timeout
while true
end
