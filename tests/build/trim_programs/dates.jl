# cause: formatted date
# fixed: yes
using Dates

function @main(args)
    println(Core.stdout, Dates.format(Date(2024, 2, 29), "yyyy-mm-dd"))
    return 0
end
