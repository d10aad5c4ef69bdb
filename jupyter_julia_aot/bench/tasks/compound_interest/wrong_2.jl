compound_interest(principal, rate, years) = round(principal * (1 + rate)^years)
