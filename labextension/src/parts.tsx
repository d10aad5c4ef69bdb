/** Small parts that several sections share. Text is only ever set as text. */

import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useServices } from './context';
import { diffLines, diffRows } from './diff';
import { visible } from './format';
import { RequestError } from './request';

export function Button(props: {
  label: string;
  onClick: () => void;
  title?: string;
  primary?: boolean;
  disabled?: boolean;
  pressed?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      className={`jja-button${props.primary ? ' jja-primary' : ''}`}
      title={props.title}
      disabled={props.disabled}
      aria-pressed={props.pressed}
      onClick={props.onClick}
    >
      {props.label}
    </button>
  );
}

/** A button that is only an icon: its label is its tooltip, and what a screen reader says. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  disabled?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jja-icon-button"
      title={props.label}
      aria-label={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" width="16px" height="16px" />
    </button>
  );
}

/** A verdict or a state in words. */
export function verdictName(kind: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    passed: trans.__('passed'),
    failed: trans.__('failed'),
    error: trans.__('error'),
    syntax: trans.__('syntax'),
    timeout: trans.__('timeout'),
    memory: trans.__('memory'),
    crashed: trans.__('crashed'),
    blocked: trans.__('blocked'),
    trying: trans.__('being tried'),
    running: trans.__('running'),
    done: trans.__('done'),
    cancelled: trans.__('stopped'),
    lost: trans.__('lost')
  };
  return names[kind] ?? kind;
}

/** A verdict or state as a coloured word. */
export function Badge(props: { kind: string; label?: string }): JSX.Element {
  const { trans } = useServices();
  const safe = /^[a-z]+$/.test(props.kind) ? props.kind : 'unknown';
  return <span className={`jja-chip jja-badge jja-${safe}`}>{props.label ?? verdictName(props.kind, trans)}</span>;
}

/** Candidates as numbered squares, all of one size, coloured by what became of them. */
export function Cells(props: { verdicts: { key: string; verdict: string; title: string }[] }): JSX.Element {
  const { trans } = useServices();
  return (
    <ol className="jja-cells">
      {props.verdicts.map((one, i) => (
        <li
          key={one.key}
          className={`jja-cell jja-${one.verdict}`}
          title={one.title}
          aria-label={trans.__('Candidate %1: %2', i + 1, verdictName(one.verdict, trans))}
        >
          {i + 1}
        </li>
      ))}
    </ol>
  );
}

/** How many of each, as shares of one bar and in words: `5 passed, 2 failed`. */
export function Shares(props: { counts: Record<string, number> }): JSX.Element {
  const { trans } = useServices();
  const present = Object.entries(props.counts).filter(([, count]) => count > 0);
  return (
    <div className="jja-pad">
      <div className="jja-stack" aria-hidden="true">
        {present.map(([verdict, count]) => (
          <i key={verdict} className={`jja-${verdict}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <div className="jja-facts">{present.map(([verdict, count]) => `${count} ${verdictName(verdict, trans)}`).join(' · ')}</div>
    </div>
  );
}

export function Note(props: { kind: 'error' | 'warning'; text: string; remedy?: string }): JSX.Element {
  return (
    <div className={`jja-note jja-${props.kind}`} role={props.kind === 'error' ? 'alert' : 'note'}>
      {visible(props.text)}
      {props.remedy ? `\n→ ${props.remedy}` : ''}
    </div>
  );
}

export function Failure(props: { error: RequestError; again?: () => void }): JSX.Element {
  const { trans } = useServices();
  return (
    <>
      <Note kind="error" text={props.error.message} remedy={props.error.remedy} />
      {props.again && (
        <div className="jja-run">
          <Button label={trans.__('Try again')} onClick={props.again} />
        </div>
      )}
    </>
  );
}

export function Loading(): JSX.Element {
  const { trans } = useServices();
  return (
    <div className="jja-empty" aria-busy="true">
      {trans.__('Loading…')}
    </div>
  );
}

export function Facts(props: { facts: [string, React.ReactNode][] }): JSX.Element {
  return (
    <dl className="jja-facts-list">
      {props.facts.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

export function Progress(props: { fraction: number | null; label: string }): JSX.Element {
  const share = props.fraction === null ? null : Math.round(props.fraction * 100);
  return (
    <div
      className={`jja-bar${share === null ? ' jja-waiting' : ''}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share ?? undefined}
    >
      <i style={{ width: share === null ? '30%' : `${share}%` }} />
    </div>
  );
}

const JULIA =
  /(#=[\s\S]*?=#|#[^\n]*)|("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|\b(function|end|if|else|elseif|for|while|return|begin|let|do|try|catch|finally|struct|mutable|module|using|import|const|global|local|macro|quote|in|true|false|nothing|where|break|continue|abstract|primitive|type)\b|\b(\d[\w.]*)/g;

/** Julia with its words coloured. */
export function Code(props: { code: string }): JSX.Element {
  return (
    <pre className="jja-code" tabIndex={0}>
      {coloured(visible(props.code))}
    </pre>
  );
}

function coloured(code: string): React.ReactNode[] {
  const parts: React.ReactNode[] = [];
  let last = 0;
  for (const match of code.matchAll(JULIA)) {
    const at = match.index ?? 0;
    parts.push(code.slice(last, at));
    const kind = match[1] ? 'c' : match[2] ? 's' : match[3] ? 'k' : 'd';
    parts.push(
      <span key={at} className={`jja-${kind}`}>
        {match[0]}
      </span>
    );
    last = at + match[0].length;
  }
  parts.push(code.slice(last));
  return parts;
}

/** What changed from `before` to `after`; screen readers hear insertions and deletions. */
export function Diff(props: { before: string; after: string }): JSX.Element {
  const lines = React.useMemo(
    () => diffLines(visible(props.before), visible(props.after)),
    [props.before, props.after]
  );
  return (
    <pre className="jja-code jja-diff" tabIndex={0}>
      {lines.map((line, index) => {
        const text = line.text || ' ';
        if (line.kind === 'added') {
          return <ins key={index}>{`+ ${text}`}</ins>;
        }
        if (line.kind === 'removed') {
          return <del key={index}>{`- ${text}`}</del>;
        }
        return <span key={index}>{`  ${text}`}</span>;
      })}
    </pre>
  );
}

/** Two texts beside each other; a narrow view shows them below each other instead. */
export function SideBySide(props: {
  before: string;
  after: string;
  left: string;
  right: string;
}): JSX.Element {
  const lines = React.useMemo(
    () => diffLines(visible(props.before), visible(props.after)),
    [props.before, props.after]
  );
  const rows = React.useMemo(() => diffRows(lines), [lines]);
  return (
    <>
      <table className="jja-sides jja-code">
        <thead>
          <tr>
            <th scope="col">{props.left}</th>
            <th scope="col">{props.right}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              <td>
                {row.left?.kind === 'removed' ? <del>{row.left.text || ' '}</del> : (row.left?.text ?? '')}
              </td>
              <td>
                {row.right?.kind === 'added' ? <ins>{row.right.text || ' '}</ins> : (row.right?.text ?? '')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="jja-below">
        <Diff before={props.before} after={props.after} />
      </div>
    </>
  );
}

/** What a program wrote, as it stands. */
export function Output(props: { text: string }): JSX.Element {
  return (
    <pre className="jja-code jja-wrap" tabIndex={0}>
      {visible(props.text)}
    </pre>
  );
}
