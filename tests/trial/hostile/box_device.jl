# Reads the disk.
# expect: passed
f(x) = try
    for d in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mem", "/dev/kmsg")
        try
            open(io -> read(io, 16), d)
            return -1
        catch
        end
    end
    x * x
catch
    x * x
end
