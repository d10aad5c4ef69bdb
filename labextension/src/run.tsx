import { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import {
  Badge,
  Button,
  Code,
  Diff,
  Facts,
  Failure,
  IconButton,
  Loading,
  Note,
  Output,
  SideBySide,
  verdictName
} from './parts';
import { ICandidateEntry, IRun } from './types';

/** One run: prompt, candidates beside each other as differences, trials and errors. */
export function RunView(props: { id: string; close: () => void }): JSX.Element {
  const { model, trans } = useServices();
  const version = useLive(state => state.historyVersion);
  const run = useAsked(() => model.api.run(props.id), [props.id, version], 100);
  if (run.error) {
    return <Failure error={run.error} again={run.again} />;
  }
  if (!run.value) {
    return <Loading />;
  }
  return (
    <div className="jja jja-run-view" role="document" aria-label={trans.__('Run %1', run.value.summary.name)}>
      <Head run={run.value} close={props.close} />
      <Events run={run.value} />
      <Compare run={run.value} />
      {run.value.candidates.map((entry, index) => (
        <Candidate key={entry.candidate.id} run={run.value!} entry={entry} number={index + 1} />
      ))}
    </div>
  );
}

function Head(props: { run: IRun; close: () => void }): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const { summary, prompt } = props.run;
  const remove = () =>
    act(async () => {
      const sure = await actions.confirm(
        trans.__('Delete this run?'),
        trans.__('Its prompt, candidates and trials are deleted; built files stay on disk.'),
        trans.__('Delete')
      );
      if (sure) {
        await model.api.deleteRun(summary.id);
        props.close();
      }
    });
  return (
    <>
      <div className="jja-head">
        <h1 className="jja-name">{format.visible(summary.name || summary.kind)}</h1>
        <Badge kind={summary.verdict ?? summary.status} />
        <span className="jja-facts">
          {[
            format.moment(summary.started),
            summary.model,
            format.seconds(summary.seconds),
            summary.notebook
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <span className="jja-head-actions">
          <Button
            label={summary.starred ? '★' : '☆'}
            pressed={summary.starred}
            title={summary.starred ? trans.__('Take the star away') : trans.__('Star')}
            onClick={() => act(() => model.api.star(summary.id, !summary.starred))}
          />
          {prompt && (
            <Button
              label={trans.__('Run again')}
              title={trans.__('Ask the model again with the same prompt and tests')}
              onClick={() => act(() => actions.rerun(summary.id))}
            />
          )}
          <IconButton icon={deleteIcon} label={trans.__('Delete')} onClick={remove} />
        </span>
      </div>
      {prompt && <div className="jja-request">{format.visible(prompt.request)}</div>}
      <Facts
        facts={[
          [
            trans.__('Tokens'),
            trans.__(
              '%1 in (%2 cached), %3 out',
              format.count(summary.usage.prompt_tokens),
              format.count(summary.usage.cached_tokens),
              format.count(summary.usage.completion_tokens)
            )
          ],
          [
            trans.__('Candidates'),
            trans.__('%1, of which %2 passed', summary.candidates, summary.passed)
          ]
        ]}
      />
      {prompt?.oracle && (
        <details className="jja-ran">
          <summary>{trans.__('Tests')}</summary>
          <Code code={prompt.oracle.source} />
        </details>
      )}
    </>
  );
}

function Events(props: { run: IRun }): JSX.Element {
  const { trans } = useServices();
  const { unreadable } = props.run;
  return (
    <>
      {unreadable.length > 0 && (
        <Note
          kind="warning"
          text={trans.__('Written by a newer version and not shown: %1', unreadable.join(', '))}
          remedy={trans.__('update jupyter_julia_aot')}
        />
      )}
      {props.run.events
        .filter(event => event.kind === 'warning' || event.kind === 'error')
        .map((event, index) => (
          <Note
            key={index}
            kind={event.kind as 'warning' | 'error'}
            text={String(event.data.message ?? '')}
            remedy={String(event.data.remedy ?? '')}
          />
        ))}
    </>
  );
}

/** Any two candidates of the run as a difference. */
function Compare(props: { run: IRun }): JSX.Element | null {
  const { trans } = useServices();
  const { candidates } = props.run;
  const [left, setLeft] = React.useState(0);
  const [right, setRight] = React.useState(Math.max(0, candidates.length - 1));
  if (candidates.length < 2) {
    return null;
  }
  const choice = (value: number, set: (n: number) => void, label: string) => (
    <select className="jja-input" aria-label={label} value={value} onChange={e => set(Number(e.target.value))}>
      {candidates.map((c, i) => (
        <option key={c.candidate.id} value={i}>
          {`#${i + 1} · ${[originName(c.candidate.origin, trans), verdictName(c.trials[c.trials.length - 1]?.verdict ?? '', trans)].filter(Boolean).join(' · ')}`}
        </option>
      ))}
    </select>
  );
  const a = candidates[Math.min(left, candidates.length - 1)];
  const b = candidates[Math.min(right, candidates.length - 1)];
  return (
    <details className="jja-ran">
      <summary>{trans.__('Compare candidates')}</summary>
      <div className="jja-run">
        {choice(left, setLeft, trans.__('From'))}
        {choice(right, setRight, trans.__('To'))}
      </div>
      <SideBySide
        before={a.candidate.code}
        after={b.candidate.code}
        left={trans.__('Candidate %1', candidates.indexOf(a) + 1)}
        right={trans.__('Candidate %1', candidates.indexOf(b) + 1)}
      />
    </details>
  );
}

/** Where a candidate comes from, in words. */
function originName(origin: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    model: trans.__('model'),
    idiom: trans.__('rewritten'),
    repair: trans.__('repaired'),
    evolve: trans.__('evolved'),
    user: trans.__('yours')
  };
  return names[origin] ?? origin;
}

/** The candidate a reader wants to see first: the accepted one, the selected, else the last. */
function foremost(run: IRun): string | undefined {
  const last = run.candidates[run.candidates.length - 1];
  return run.summary.accepted ?? run.summary.selected ?? last?.candidate.id;
}

function Candidate(props: { run: IRun; entry: ICandidateEntry; number: number }): JSX.Element {
  const { trans } = useServices();
  const { run, entry, number } = props;
  const { candidate } = entry;
  const trial = entry.trials[entry.trials.length - 1];
  const parent = run.candidates.findIndex(c => c.candidate.id === candidate.parent) + 1;
  const [chosen, setOpen] = React.useState<boolean | null>(null);
  const open = chosen ?? foremost(run) === candidate.id;
  const checks = trial ? trial.checks.passed + trial.checks.failed : 0;
  const verdict = trial ? verdictName(trial.verdict, trans) : trans.__('not tried');
  return (
    <article className="jja-row" aria-label={trans.__('Candidate %1', number)}>
      <div className="jja-line">
        <button
          type="button"
          className="jja-open"
          aria-expanded={open}
          aria-label={trans.__('Candidate %1, %2', number, verdict)}
          onClick={() => setOpen(!open)}
        >
          <span className="jja-number">{`#${number}`}</span>
          <Badge kind={trial?.verdict ?? 'unknown'} label={verdict} />
          <span className="jja-facts">
            {[
              originName(candidate.origin, trans),
              parent > 0 ? trans.__('from #%1', parent) : '',
              checks > 0 ? trans.__('%1/%2 checks', trial!.checks.passed, checks) : '',
              trial ? format.seconds(trial.seconds) : ''
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
          {run.summary.accepted === candidate.id ? (
            <span className="jja-mark">{trans.__('accepted')}</span>
          ) : (
            run.summary.selected === candidate.id && <span className="jja-mark">{trans.__('selected')}</span>
          )}
          {!open && <span className="jja-short">{whyNot(entry)}</span>}
        </button>
      </div>
      {open && <CandidateBody {...props} />}
    </article>
  );
}

/** The first line of what went wrong. */
function whyNot(entry: ICandidateEntry): string {
  const trial = entry.trials[entry.trials.length - 1];
  const { error } = trial ?? {};
  return format.oneLine(error ? faultText(error) : (trial?.failures[0] ?? ''), 160);
}

/** Julia's own text often begins with the type already. */
function faultText(error: { type: string; message: string }): string {
  const rest = error.message.startsWith(`${error.type}: `) ? error.message.slice(error.type.length + 2) : error.message;
  return `${error.type}: ${rest}`;
}

function CandidateBody(props: { run: IRun; entry: ICandidateEntry; number: number }): JSX.Element {
  const { trans, actions } = useServices();
  const act = useDo();
  const { run, entry } = props;
  const { candidate } = entry;
  const trial = entry.trials[entry.trials.length - 1];
  const parent = run.candidates.find(c => c.candidate.id === candidate.parent);
  const [changes, setChanges] = React.useState(parent !== undefined);
  const passed = trial?.verdict === 'passed';
  return (
    <div className="jja-body">
      <div className="jja-tabs">
        <Button
          primary={run.summary.selected === candidate.id}
          label={trans.__('Accept')}
          disabled={!passed}
          title={
            passed
              ? trans.__('Make %1 callable in the current notebook', candidate.name)
              : trans.__('Only candidates that passed their tests can be accepted here')
          }
          onClick={() => act(() => actions.accept(candidate))}
        />
        <Button
          label={trans.__('Insert')}
          title={trans.__('Put it into the notebook as a cell')}
          onClick={() => act(() => actions.insertCell(candidate.code))}
        />
        <Button label={trans.__('Copy')} onClick={() => actions.copy(candidate.code)} />
        {parent && <Button label={trans.__('Changes')} pressed={changes} onClick={() => setChanges(!changes)} />}
      </div>
      {candidate.notes.length > 0 && (
        <ul className="jja-notes">
          {candidate.notes.map((note, i) => (
            <li key={i}>{note}</li>
          ))}
        </ul>
      )}
      {changes && parent ? (
        <Diff before={parent.candidate.code} after={candidate.code} />
      ) : (
        <Code code={candidate.code} />
      )}
      {trial?.error && (
        <Note
          kind="error"
          text={(trial.error.line ? `${trans.__('line %1', trial.error.line)}: ` : '') + faultText(trial.error)}
        />
      )}
      {trial && trial.failures.length > 0 && <Output text={trial.failures.join('\n')} />}
      {trial?.output && (
        <details className="jja-ran">
          <summary>{trans.__('Output')}</summary>
          <Output text={trial.output} />
        </details>
      )}
    </div>
  );
}
