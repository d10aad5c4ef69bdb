/** Line differences between a candidate and its parent. */

export interface IDiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  /** 1-based line in the new text, or in the old one for removed lines. */
  line: number;
}

/** Beyond this many cells the table is not worth its memory: show all old, then all new. */
const MOST_CELLS = 4_000_000;

/**
 * The lines of `before` and `after` as one list (longest common subsequence).
 * Property: the lines not added are `before`, the lines not removed are `after`.
 */
export function diffLines(before: string, after: string): IDiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) {
    start++;
  }
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end++;
  }
  const lines: IDiffLine[] = [];
  for (let i = 0; i < start; i++) {
    lines.push({ kind: 'same', text: a[i], line: i + 1 });
  }
  lines.push(...middle(a.slice(start, a.length - end), b.slice(start, b.length - end), start));
  for (let i = end; i > 0; i--) {
    lines.push({ kind: 'same', text: b[b.length - i], line: b.length - i + 1 });
  }
  return lines;
}

export interface IDiffRow {
  left: IDiffLine | null;
  right: IDiffLine | null;
}

/** A difference as two columns: what was removed stands beside what was put in its place. */
export function diffRows(lines: IDiffLine[]): IDiffRow[] {
  const rows: IDiffRow[] = [];
  let removed: IDiffLine[] = [];
  let added: IDiffLine[] = [];
  const flush = () => {
    for (let i = 0; i < Math.max(removed.length, added.length); i++) {
      rows.push({ left: removed[i] ?? null, right: added[i] ?? null });
    }
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line.kind === 'removed') {
      removed.push(line);
    } else if (line.kind === 'added') {
      added.push(line);
    } else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

function middle(a: string[], b: string[], offset: number): IDiffLine[] {
  const removed = (i: number): IDiffLine => ({
    kind: 'removed',
    text: a[i],
    line: offset + i + 1
  });
  const added = (j: number): IDiffLine => ({
    kind: 'added',
    text: b[j],
    line: offset + j + 1
  });
  if (a.length * b.length > MOST_CELLS) {
    return [...a.map((_, i) => removed(i)), ...b.map((_, j) => added(j))];
  }
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1] + 1
          : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  const lines: IDiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: b[j], line: offset + j + 1 });
      i++;
      j++;
    } else if (
      i < a.length &&
      (j === b.length || table[(i + 1) * width + j] >= table[i * width + j + 1])
    ) {
      lines.push(removed(i++));
    } else {
      lines.push(added(j++));
    }
  }
  return lines;
}
