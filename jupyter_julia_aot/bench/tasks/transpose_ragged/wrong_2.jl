function transpose_ragged(rows)
    isempty(rows) && return rows
    return [[row[j] for row in rows if length(row) >= j] for j in 1:length(rows[1])]
end
