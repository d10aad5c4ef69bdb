function transpose_ragged(rows)
    widest = reduce(max, map(length, rows); init = 0)
    return [[row[j] for row in rows if length(row) >= j] for j in 1:widest]
end
