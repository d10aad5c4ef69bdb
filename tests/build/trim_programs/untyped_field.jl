# cause: abstract field
# fixed: yes
mutable struct Account
    owner
    balance
end

function deposit!(a::Account, amount)
    a.balance += amount
    return a
end

function @main(args)
    a = deposit!(Account("Ada", 10.0), 5.5)
    println(Core.stdout, a.owner, ": ", a.balance)
    return 0
end
