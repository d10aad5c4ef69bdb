"""The examples that show a small model what Julia functions look like.

Six short functions, each with its docstring, that between them use what small models get wrong:
``^``, ``length``-free loops, ``+=``, ``%``, ``end``, string slices. Of seven sets tried with
SmolLM2-135M on 13 easy tasks (8 samples each, temperature 0.5) this one solved the most samples:
63 of 104, the others 52 to 59. Their order matters as much as their choice: the last ones weigh
most. ``tests/model/test_easy_tasks.py`` measures it again.
"""

from __future__ import annotations

EXAMPLES = '''\
# Julia 1.x. Indices start at 1; powers are written x^2; every block ends with `end`.

"""
Convert a length from miles to kilometers.
"""
function miles_to_kilometers(m)
    return m * 1.609344
end

"""
Return the distance of the point (x, y) from the origin.
"""
function distance(x, y)
    return sqrt(x^2 + y^2)
end

"""
Return the number of elements of the vector v that are larger than c.
"""
function count_larger(v, c)
    n = 0
    for x in v
        if x > c
            n += 1
        end
    end
    return n
end

"""
Return true if n is divisible by 3, else false.
"""
function is_multiple_of_three(n)
    return n % 3 == 0
end

"""
Return the product of the numbers from a to b.
"""
function product_range(a, b)
    p = 1
    for i in a:b
        p *= i
    end
    return p
end

"""
Return the string s in upper case, without its first letter.
"""
function shout(s)
    return uppercase(s[2:end])
end

'''

STOP = ('\n"""', "\nfunction ", "\n# ", "\n```", "\n@")
"""Where the next example begins: the server stops there."""
