/** Which rows of a long list to draw, and which pages of it to ask the server for. */

export interface IWindow {
  first: number;
  /** One past the last row. */
  end: number;
}

/** Rows in view, with `spare` more on both sides. */
export function visibleRows(
  scrollTop: number,
  height: number,
  rowHeight: number,
  total: number,
  spare = 6
): IWindow {
  // A list that has become shorter may be scrolled past its end.
  const last = Math.max(0, total);
  const first = Math.min(last, Math.max(0, Math.floor(scrollTop / rowHeight) - spare));
  const end = Math.min(last, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { first, end: Math.max(first, end) };
}

/** Numbers of the pages that hold the rows of a window. */
export function pagesOf(window: IWindow, pageSize: number): number[] {
  const pages: number[] = [];
  for (let p = Math.floor(window.first / pageSize); p * pageSize < window.end; p++) {
    pages.push(p);
  }
  return pages;
}
