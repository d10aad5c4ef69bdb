import { readFileSync } from 'fs';
import { join } from 'path';

import { breakEven } from '../breakeven';
import { diffLines, diffRows } from '../diff';
import * as format from '../format';
import { splitArguments } from '../arguments';
import {
  cellBody,
  cellMimeType,
  cellName,
  codeCell,
  compileCell,
  generateCell,
  nameFor
} from '../magics';
import { EMPTY, fromNow, reduce, tokensPerSecond, tokensSoFar } from '../state';
import { treemap } from '../treemap';
import { INow, LiveMessage } from '../types';
import { pagesOf, visibleRows } from '../windowing';

function contract(name: string): any {
  const path = join(__dirname, '..', '..', '..', 'tests', 'contract', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf-8'));
}

/** Numbers that look random and are the same in every run (Lehmer's generator). */
function* numbers(seed: number): Generator<number, never> {
  let value = seed;
  for (;;) {
    value = (value * 48271) % 2147483647;
    yield value / 2147483647;
  }
}

describe('format', () => {
  it('shows sizes with decimal units', () => {
    expect(format.bytes(0)).toBe('0 B');
    expect(format.bytes(999)).toBe('999 B');
    expect(format.bytes(1500)).toBe('1.5 kB');
    expect(format.bytes(250e6)).toBe('250 MB');
  });
  it('shows counts in short', () => {
    expect([812, 12_345, 3_651_439, 50_000].map(format.short)).toEqual(
      ['812', '12.3 k', '3.65 M', '50 k'].map(text => text.replace(' ', '\u202f'))
    );
  });
  it('shows times', () => {
    expect(format.seconds(0.123)).toBe('0.12 s');
    expect(format.seconds(59)).toBe('59 s');
    expect(format.seconds(200)).toBe('3 min 20 s');
    expect(format.seconds(7500)).toBe('2 h 5 min');
    expect(format.elapsed(-1)).toBe('0 s');
    expect(format.elapsed(75.9)).toBe('1 min 15 s');
  });
  it('shows how fast a slow model is', () => {
    expect([0.42, 3.44, 87.3].map(format.rate)).toEqual(['0.4', '3.4', '87']);
  });
  it('shows energy in a unit that leaves something to read', () => {
    expect([0, 0.00013, 0.042, 1.26].map(format.energy)).toEqual(['0.00 Wh', '0.13 Wh', '42 Wh', '1.3 kWh']);
  });
  it('keeps money readable when it is tiny', () => {
    expect(format.money(12.3, 'USD')).toBe('12.30 USD');
    expect(format.money(0.00042, 'EUR')).toBe('0.00042 EUR');
    expect(format.money(0, 'EUR')).toBe('0.00 EUR');
  });
  it('cuts long text at one line', () => {
    expect(format.oneLine('a\n  b')).toBe('a b');
    expect(format.oneLine('x'.repeat(200), 10)).toHaveLength(10);
  });
});

describe('diff', () => {
  it('marks what was added and removed', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc').map(l => `${l.kind[0]}${l.text}`)).toEqual([
      'sa',
      'rb',
      'ax',
      'sc'
    ]);
  });
  it('holds both texts, whatever they are', () => {
    const random = numbers(7);
    for (let round = 0; round < 200; round++) {
      const text = () =>
        Array.from({ length: Math.floor(random.next().value * 8) }, () =>
          'abc'.charAt(Math.floor(random.next().value * 3))
        ).join('\n');
      const [before, after] = [text(), text()];
      const lines = diffLines(before, after);
      expect(lines.filter(l => l.kind !== 'added').map(l => l.text).join('\n')).toBe(before);
      expect(lines.filter(l => l.kind !== 'removed').map(l => l.text).join('\n')).toBe(after);
    }
  });
});

describe('treemap', () => {
  it('fills the area in proportion', () => {
    const random = numbers(11);
    for (let round = 0; round < 50; round++) {
      const weights = Array.from({ length: 1 + Math.floor(random.next().value * 12) }, () =>
        Math.floor(random.next().value * 1000)
      );
      const total = weights.reduce((a, b) => a + b, 0);
      treemap(weights, 300, 160).forEach((r, i) => {
        const share = total ? weights[i] / total : 0;
        expect(r.width * r.height).toBeCloseTo(share * 300 * 160, 4);
        expect(r.x + r.width).toBeLessThanOrEqual(300.0001);
        expect(r.y + r.height).toBeLessThanOrEqual(160.0001);
      });
    }
  });
});

describe('windowing', () => {
  it('draws a handful of 50,000 rows', () => {
    const rows = visibleRows(44 * 25_000, 600, 44, 50_000);
    expect(rows.first).toBeLessThanOrEqual(25_000);
    expect(rows.end - rows.first).toBeLessThan(40);
    expect(pagesOf(rows, 100)).toEqual([249, 250]);
  });
  it('stays inside the list', () => {
    expect(visibleRows(0, 600, 44, 3)).toEqual({ first: 0, end: 3 });
    // Scrolled far below the end of what is known so far: nothing, not everything.
    expect(visibleRows(1e9, 600, 44, 3)).toEqual({ first: 3, end: 3 });
    expect(pagesOf(visibleRows(0, 600, 44, 0), 100)).toEqual([]);
  });
});

describe('direction marks', () => {
  it('are shown, so that code is read in the order in which it runs', () => {
    expect(format.visible('a\u202eb\u2066c')).toBe('a\u27e8U+202E\u27e9b\u27e8U+2066\u27e9c');
    expect(format.visible('straße α ← 日本')).toBe('straße α ← 日本');
  });
});

describe('difference in two columns', () => {
  it('puts what was removed beside what took its place, and loses nothing', () => {
    const before = 'function f(x)\n  y = x\n  return y\nend';
    const after = 'function f(x)\n  return x\nend\n# done';
    const rows = diffRows(diffLines(before, after));
    const side = (which: 'left' | 'right') =>
      rows.flatMap(row => (row[which] ? [row[which]!.text] : [])).join('\n');
    expect(side('left')).toBe(before);
    expect(side('right')).toBe(after);
    const changed = rows.find(row => row.left?.text === '  y = x');
    expect(changed?.right?.text).toBe('  return x');
  });
});

describe('magics', () => {
  it('knows which cells are Julia', () => {
    expect(cellMimeType('%%juliac f --exe\nprintln(1)')).toBe('text/x-julia');
    expect(cellMimeType('%%julia_trial\n1')).toBe('text/x-julia');
    expect(cellMimeType('%%julia_tests f\n@test f(1) == 1')).toBe('text/x-julia');
    expect(cellMimeType('%%julia_tests f\nassert f(1) == 1')).toBeNull();
    expect(cellMimeType('%%julia_gen f\nThe mean.')).toBe('text/x-markdown');
    expect(cellMimeType('print(1)')).toBeNull();
    expect(cellMimeType('%%julianne\n1')).toBeNull();
  });
  it('reads names and bodies', () => {
    expect(cellName('%%julia_gen mean_of -n 4\nThe mean')).toBe('mean_of');
    expect(cellName('x = 1')).toBeNull();
    expect(cellBody('%%julia_gen f\na\nb')).toBe('a\nb');
    expect(cellBody('a')).toBe('a');
    expect(nameFor('## 3 ways to sort <b>numbers</b>')).toBe('ways_to_sort');
    expect(nameFor('…')).toBe('f');
  });
  it('turns any cell into a request', () => {
    expect(generateCell('# Sort the numbers')).toBe('%%julia_gen sort_the_numbers\nSort the numbers');
    expect(generateCell('%%julia_gen f -n 4\nThe mean.')).toBe('%%julia_gen f\nThe mean.');
    expect(generateCell('')).toContain('%%julia_gen f\n');
    expect(generateCell('def twice(x):\n    return 2*x')).toMatch(/^%%julia_gen twice\nDo what/);
  });
  it('compiles cells that hold Julia, and no others', () => {
    expect(compileCell('%%julia_gen f\nThe mean')).toBe('%%juliac f\n');
    expect(compileCell('%%juliac g --lib\n1')).toBe('%%juliac g --lib\n1');
    expect(compileCell('%%julia_trial\nfunction h(x)\nend')).toBe('%%juliac h\nfunction h(x)\nend');
    expect(compileCell(codeCell('k(x) = x'))).toBe('%%juliac k\nk(x) = x');
    expect(compileCell('print(1)')).toBeNull();
  });
  it('splits arguments without a shell', () => {
    expect(splitArguments(` a "b c" 'd' $(rm) `)).toEqual(['a', 'b c', 'd', '$(rm)']);
    expect(splitArguments('')).toEqual([]);
  });
});

describe('break-even', () => {
  it('divides the price by what a week saves', () => {
    expect(breakEven(1000, 30, 5)).toEqual({ savedPerWeek: 25, weeks: 40 });
    expect(breakEven(1000, 1, 5).weeks).toBeNull();
    expect(breakEven(0, 1, 5).weeks).toBe(0);
  });
});

describe('state', () => {
  const live = contract('server_live');

  it('follows a run from its start to its end', () => {
    const changes = live.changes.changes as any[];
    const until = changes.findIndex(c => c.kind === 'run_finished');
    const some: LiveMessage = { ...live.changes, changes: changes.slice(0, until) };
    let state = reduce(EMPTY, some);
    expect(state.runs).toHaveLength(1);
    expect(state.runs[0].name).toBe('mean_of');
    expect(state.runs[0].candidates[0].verdict).toBe('error');
    expect(tokensPerSecond(state.runs[0])).toBe(50);
    // While the next answer is being written, before it is counted.
    state = reduce(state, live.progress);
    expect(tokensSoFar(state.runs[0])).toBe(70);
    expect(tokensPerSecond(state.runs[0])).toBe(35);
    state = reduce(state, live.changes);
    expect(state.runs.map(r => r.name)).not.toContain('mean_of');
    expect(state.seq).toBe(live.changes.seq);
    expect(state.historyVersion).toBeGreaterThan(0);
  });

  it('takes what the now route answers', () => {
    const routes = contract('server_routes');
    const running = { ...routes.run, summary: { ...routes.run.summary, status: 'running' } };
    const state = fromNow({ ...(routes.now as INow), runs: [running] });
    expect(tokensSoFar(state.runs[0])).toBe(70);
    expect(state.runs[0].candidates.map(c => c.verdict)).toEqual(['error', 'passed']);
    expect(state.jobs[0].progress?.fraction).toBe(0.5);
  });

  it('replaces jobs, drops dead runs, keeps problems until the next good news', () => {
    let state = reduce(EMPTY, live.job);
    state = reduce(state, { ...live.job, job: { ...live.job.job, state: 'done' } });
    expect(state.jobs.map(j => j.state)).toEqual(['done']);
    state = reduce(state, live.problem);
    expect(state.problem?.message).toContain('cannot read');
    state = reduce(state, { type: 'changes', seq: 1, changes: [] });
    expect(state.problem).toBeNull();
  });

  it('does not change the state it was given', () => {
    const before = JSON.stringify(EMPTY);
    reduce(EMPTY, live.changes);
    expect(JSON.stringify(EMPTY)).toBe(before);
  });
});
