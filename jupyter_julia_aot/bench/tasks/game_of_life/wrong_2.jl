function game_of_life(cells::AbstractMatrix{Bool})
    rows, columns = size(cells)
    function alive(i, j)
        around = [cells[k, l] for k in max(1, i - 1):min(rows, i + 1), l in max(1, j - 1):min(columns, j + 1)]
        return sum(around) == 3 || (cells[i, j] && sum(around) == 2)
    end
    return [alive(i, j) for i in 1:rows, j in 1:columns]
end
