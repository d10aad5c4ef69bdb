"""The examples that show a small model what Julia functions look like.

Five short functions, each with its docstring, that between them use what small models get wrong:
``^``, ``length``, 1-based ranges, ``%``, ``÷``, ``end``. Chosen by measurement, see
``tests/model/test_easy_tasks.py``.
"""

from __future__ import annotations

EXAMPLES = '''\
# Julia 1.x. Indices start at 1; powers are written x^2; every block ends with `end`.

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
Return the middle letter of the string s in upper case.
"""
function middle_letter(s)
    i = length(s) ÷ 2 + 1
    return uppercase(s[i])
end

'''

STOP = ('\n"""', "\nfunction ", "\n# ", "\n```", "\n@")
"""Where the next example begins: the server stops there."""
