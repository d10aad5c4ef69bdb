function game_of_life(cells::AbstractMatrix{Bool})
    rows, columns = size(cells)
    function alive(i, j)
        around = [cells[mod1(k, rows), mod1(l, columns)] for k in i-1:i+1, l in j-1:j+1]
        neighbours = sum(around) - cells[i, j]
        return neighbours == 3 || (cells[i, j] && neighbours == 2)
    end
    return [alive(i, j) for i in 1:rows, j in 1:columns]
end
