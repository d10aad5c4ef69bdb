/** What our cell magics mean for the editor: language, names and options. */

/** Magics whose cell body is Julia. `%%julia_gen` is not: its body is a request in words. */
const JULIA_BODY = /^\s*%%(juliac|julia_trial|julia)\b/;
const ORACLE = /^\s*%%julia_tests\b/;

/** The editor's MIME type for a cell that begins with one of our magics, else `null`. */
export function cellMimeType(source: string): string | null {
  if (JULIA_BODY.test(source)) {
    return 'text/x-julia';
  }
  if (/^\s*%%julia_gen\b/.test(source)) {
    return 'text/x-markdown';
  }
  if (ORACLE.test(source)) {
    // An oracle is Julia's `@test` lines, or Python asserts.
    const body = source.slice(source.indexOf('\n') + 1 || source.length);
    return /^\s*(assert|import|from|def)\b/m.test(body) ? null : 'text/x-julia';
  }
  return null;
}

/** The name a magic cell is about (`%%julia_gen NAME …`), else `null`. */
export function cellName(source: string): string | null {
  const match = /^\s*%%julia(?:_gen|_tests|c)\s+(?:-\S+\s+)*([A-Za-z_]\w*!?)/.exec(source);
  return match ? match[1] : null;
}

/** The text below the magic line. */
export function cellBody(source: string): string {
  if (!/^\s*%%/.test(source)) {
    return source;
  }
  const at = source.indexOf('\n');
  return at < 0 ? '' : source.slice(at + 1);
}

/** A function name made of a sentence: `Sort the numbers!` → `sort_the_numbers`. */
export function nameFor(text: string): string {
  const words = text
    .replace(/^[#\s*>-]+/, '')
    .toLowerCase()
    .match(/[a-z0-9_]+/g);
  const name = (words ?? []).slice(0, 4).join('_').replace(/^\d+_?/, '').slice(0, 40);
  return name || 'f';
}

/** The cell that asks for Julia, made of a cell's text: prose, or a Python function. */
export function generateCell(text: string): string {
  const body = cellBody(text);
  const python = /^\s*def\s+([A-Za-z_]\w*)\s*\(/m.exec(body);
  if (python) {
    return `%%julia_gen ${python[1]}\nDo what this Python function does:\n\n${body.trim()}`;
  }
  const request = body
    .split('\n')
    .map(line => line.replace(/^\s*#+\s?/, ''))
    .join('\n')
    .trim();
  const name = cellName(text) ?? nameFor(request);
  return `%%julia_gen ${name}\n${request || 'Say what the function should do.'}`;
}

/** The cell that compiles a cell's Julia, or `null` when it holds none. */
export function compileCell(source: string): string | null {
  const name = cellName(source);
  if (/^\s*%%julia_(gen|tests)\b/.test(source) && name) {
    // An empty body compiles the function of that name that was accepted.
    return `%%juliac ${name.replace('!', '')}\n`;
  }
  if (/^\s*%%juliac\b/.test(source)) {
    return source;
  }
  if (/^\s*%%julia_trial\b/.test(source)) {
    const code = cellBody(source).trim();
    const defined = /^\s*function\s+([A-Za-z_]\w*)|^\s*([A-Za-z_]\w*)\([^\n]*\)\s*=/m.exec(code);
    return `%%juliac ${defined?.[1] ?? defined?.[2] ?? 'program'}\n${code}`;
  }
  return null;
}

/** A cell that holds code of the history, ready to be run in the sandbox or changed. */
export function codeCell(code: string): string {
  return `%%julia_trial\n${code.replace(/\n+$/, '')}`;
}
