function transpose_ragged(rows)
    isempty(rows) && return rows
    return [[row[j] for row in rows] for j in 1:minimum(length(row) for row in rows)]
end
