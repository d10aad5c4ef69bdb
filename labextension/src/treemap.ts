/** Squarified treemap: Bruls, Huizing, van Wijk (2000), "Squarified Treemaps". */

export interface IRectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Rectangles that fill `width` × `height`, one per weight (areas proportional, order kept).
 * Weights that are not positive get an empty rectangle.
 */
export function treemap(weights: number[], width: number, height: number): IRectangle[] {
  const result: IRectangle[] = weights.map(() => ({ x: 0, y: 0, width: 0, height: 0 }));
  const order = weights
    .map((weight, index) => ({ weight, index }))
    .filter(entry => entry.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const total = order.reduce((sum, entry) => sum + entry.weight, 0);
  if (!(total > 0) || width <= 0 || height <= 0) {
    return result;
  }
  const scale = (width * height) / total;
  const free = { x: 0, y: 0, width, height };
  let next = 0;
  while (next < order.length) {
    const side = Math.min(free.width, free.height);
    let row = [order[next].weight * scale];
    let end = next + 1;
    while (end < order.length) {
      const longer = [...row, order[end].weight * scale];
      if (worst(longer, side) > worst(row, side)) {
        break;
      }
      row = longer;
      end++;
    }
    const area = row.reduce((sum, value) => sum + value, 0);
    const thickness = area / side;
    let along = 0;
    row.forEach((value, k) => {
      const length = value / thickness;
      result[order[next + k].index] =
        free.width >= free.height
          ? { x: free.x, y: free.y + along, width: thickness, height: length }
          : { x: free.x + along, y: free.y, width: length, height: thickness };
      along += length;
    });
    if (free.width >= free.height) {
      free.x += thickness;
      free.width -= thickness;
    } else {
      free.y += thickness;
      free.height -= thickness;
    }
    next = end;
  }
  return result;
}

function worst(row: number[], side: number): number {
  const sum = row.reduce((a, b) => a + b, 0);
  const square = (side * side) / (sum * sum);
  return Math.max(...row.map(value => Math.max(square * value, 1 / (square * value))));
}
