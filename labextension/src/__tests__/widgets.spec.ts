/** The notebook's widgets: every word a user reads goes through JupyterLab's translations. */

import { readFileSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';

import { GLOBAL, setStrings } from '../strings';

const FOLDER = join(__dirname, '..', '..', '..', 'jupyter_julia_aot', 'widgets', 'static');
const source = (name: string) => readFileSync(join(FOLDER, name), 'utf-8');

/** Attributes of elements, and keys of our own, whose values nobody reads. */
const TECHNICAL = new Set(
  ('class type role rows style scope tabindex spellcheck aria-live aria-hidden aria-expanded ' +
    'aria-controls aria-pressed data-do do href download id').split(' ')
);
/** Functions whose arguments nobody reads; of `make` it is the first one. */
const CALLED = new Set(
  ('get on off addEventListener setAttribute getAttribute querySelector createElement execCommand ' +
    'startsWith split join includes setInterval').split(' ')
);
/** Names of tabs, buttons, tags and kinds of notes, as the code has them. */
const KEYS = new Set('c k d ins del em span code diff error output warning trying download reveal rebuild'.split(' '));
/** Units, file formats, and names that are the same in every language. */
const UNIVERSAL = /^(GB|MB|kB|s|ms|µs|ns|Julia|trim|SHA-256|id|JIT = AOT)$/;

/** Texts with letters in them that are neither translated nor for machines only. */
function escaped(name: string): string[] {
  const file = ts.createSourceFile(name, source(name), ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      const words = node.text.replace(/jja-\S*/g, '').trim();
      if (/\p{L}/u.test(words) && !UNIVERSAL.test(words) && !KEYS.has(words) && !forMachines(node)) {
        found.push(words);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Whether a text is an argument of a translation, or a value that is never shown. */
function forMachines(text: ts.Node): boolean {
  let node = text;
  for (let parent = text.parent; parent; node = parent, parent = parent.parent) {
    if (ts.isCallExpression(parent)) {
      const called = ts.isPropertyAccessExpression(parent.expression)
        ? parent.expression.name.text
        : parent.expression.getText();
      if (['__', '_n'].includes(called) || CALLED.has(called)) {
        return node !== parent.expression;
      }
      if (called === 'make' && node === parent.arguments[0]) {
        return true;
      }
    }
    if (ts.isPropertyAssignment(parent)) {
      const key = parent.name.getText().replace(/["']/g, '');
      if (node === parent.name || TECHNICAL.has(key)) {
        return true;
      }
    }
    if (ts.isElementAccessExpression(parent)) {
      return true;
    }
    if (ts.isBinaryExpression(parent) && /^([!=]==|in)$/.test(parent.operatorToken.getText())) {
      return true;
    }
    if (ts.isBlock(parent) || ts.isArrowFunction(parent)) {
      return false;
    }
  }
  return false;
}

/** The element that a widget draws for `state`, as text. */
function drawn(name: string, state: Record<string, unknown>): string {
  const script = `${source('common.js')}\n${source(name)}`.replace('export default { render };', 'return render;');
  const render = new Function(script)();
  const el = document.createElement('div');
  render({ model: { get: (key: string) => state[key], on: () => undefined, off: () => undefined }, el });
  return el.textContent ?? '';
}

describe('language', () => {
  const head = { name: 'f', status: 'running', answers: 1, wanted: 4, passed: 0, proven: true, warnings: [] };
  const state = { head, rows: [], streams: {}, stoppable: true };

  it('is English where there is no JupyterLab with our extension', () => {
    expect(drawn('generation.js', state)).toContain('running1/4 answersStop');
  });
  it('is that of the page, which the extension publishes', () => {
    const german: Record<string, string> = { Stop: 'Anhalten', '%1/%2 answers': '%2 Antworten, davon da: %1' };
    const fill = (text: string, values: unknown[]) => text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]));
    setStrings({
      __: (text: string, ...values: unknown[]) => fill(german[text] ?? text, values),
      _n: (one: string, many: string, n: number, ...values: unknown[]) => fill(n === 1 ? one : many, [n, ...values])
    } as any);
    expect(drawn('generation.js', state)).toContain('running4 Antworten, davon da: 1Anhalten');
    delete (globalThis as Record<string, unknown>)[GLOBAL];
  });
});

describe.each(['common.js', 'generation.js', 'build.js'])('%s', name => {
  it('shows no word that could not be translated', () => {
    expect(escaped(name)).toEqual([]);
  });
});
