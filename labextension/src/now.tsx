import { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useDo, useLive, useMemory, useServices } from './context';
import * as format from './format';
import { Badge, Button, Cells, Facts, IconButton, Note, Output, Progress, Shares, verdictName } from './parts';
import { countVerdicts, ILiveRun, tokensPerSecond, tokensSoFar } from './state';
import { IJob } from './types';

/** What runs on this server now, and what this panel started lately. */
export function Now(): JSX.Element {
  const { trans } = useServices();
  const runs = useLive(state => state.runs);
  const jobs = useLive(state => state.jobs);
  const problem = useLive(state => state.problem);
  const covered = new Set(runs.map(run => run.name));
  const running = jobs.filter(job => job.state === 'running');
  const ended = jobs.filter(job => job.state !== 'running').slice(0, 5);
  return (
    <div aria-live="polite">
      {problem && <Note kind="error" text={problem.message} remedy={problem.remedy} />}
      {runs.length === 0 && running.length === 0 && (
        <div className="jja-empty">
          {trans.__('Nothing runs. A cell that begins with %1 asks the model for Julia.', '%%julia_gen NAME')}
        </div>
      )}
      {runs.map(run => (
        <LiveRun key={run.id} run={run} />
      ))}
      {running.map(job => (
        <JobRow key={job.id} job={job} quiet={covered.has(job.title)} />
      ))}
      {ended.map(job => (
        <JobRow key={job.id} job={job} quiet={false} />
      ))}
      <Ask />
      <Evaluate />
    </div>
  );
}

function LiveRun(props: { run: ILiveRun }): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const run = props.run;
  const speed = tokensPerSecond(run);
  const tokens = tokensSoFar(run);
  const stage = run.stages[run.stages.length - 1];
  const facts = [
    run.model,
    tokens > 0 && trans.__('%1 tokens', format.count(tokens)),
    speed !== null && trans.__('%1 tokens/s', format.rate(speed)),
    run.notebook
  ].filter(Boolean);
  return (
    <article className="jja-card" aria-label={run.name}>
      <div className="jja-line">
        <button className="jja-link jja-name" onClick={() => actions.openRun(run.id)}>
          {run.name || trans.__('a run')}
        </button>
        <span className="jja-grow" />
        <Elapsed since={run.started} />
        <IconButton
          icon={stopIcon}
          label={trans.__('Stop %1', run.name)}
          onClick={() => act(() => model.api.stopRun(run.id))}
        />
      </div>
      {facts.length > 0 && <div className="jja-facts jja-pad" aria-live="off">{facts.join(' · ')}</div>}
      {run.kind === 'build' && stage && (
        <ul className="jja-stages">
          {run.stages.map(s => (
            <li key={s.name} className={`jja-stage jja-${s.state === 'started' ? 'started' : 'finished'}`}>
              <span>{s.name}</span>
              <span className="jja-bar">
                <i style={{ width: s.state === 'finished' ? '100%' : '40%' }} />
              </span>
              <span>{s.state === 'finished' ? format.seconds(s.seconds) : ''}</span>
            </li>
          ))}
        </ul>
      )}
      {run.candidates.length > 0 && (
        <div className="jja-verdicts">
          <Cells
            verdicts={run.candidates.map(c => ({
              key: c.id,
              verdict: c.verdict ?? 'trying',
              title: `${verdictName(c.verdict ?? 'trying', trans)}: ${format.oneLine(c.code)}`
            }))}
          />
          <span className="jja-facts">
            {Object.entries(countVerdicts(run))
              .map(([verdict, count]) => `${count} ${verdictName(verdict, trans)}`)
              .join(' · ')}
          </span>
        </div>
      )}
      {run.warnings.map((w, i) => (
        <Note key={i} kind="warning" text={w.message} remedy={w.remedy} />
      ))}
    </article>
  );
}

/** Time since a moment, counted by this component alone so that nothing else is drawn again. */
function Elapsed(props: { since: number }): JSX.Element {
  const [now, setNow] = React.useState(() => Date.now() / 1000);
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <span className="jja-facts" aria-live="off">
      {format.elapsed(now - props.since)}
    </span>
  );
}

/** What a job does, in words. */
function verbName(verb: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    gen: trans.__('generate'),
    build: trans.__('build'),
    eval: trans.__('evaluate'),
    serve: trans.__('model server'),
    setup: trans.__('install'),
    run: trans.__('run'),
    tune: trans.__('tune')
  };
  return names[verb] ?? verb;
}

function stateName(state: IJob['state'], trans: TranslationBundle): string {
  const names: Record<string, string> = {
    done: trans.__('done'),
    failed: trans.__('failed'),
    stopped: trans.__('stopped'),
    lost: trans.__('lost')
  };
  return names[state] ?? state;
}

function JobRow(props: { job: IJob; quiet: boolean }): JSX.Element {
  const { trans, model } = useServices();
  const act = useDo();
  const [details, setDetails] = React.useState<IJob | null>(null);
  const { job } = props;
  const runs = job.state === 'running';
  React.useEffect(() => {
    if (details !== null) {
      act(async () => setDetails(await model.api.job(job.id)));
    }
  }, [job.state, job.message]);
  const rate = job.progress?.pass_rate;
  return (
    <article className="jja-card" aria-label={`${job.verb} ${job.title}`} data-job={job.verb}>
      <div className="jja-line">
        <button
          className="jja-open"
          aria-expanded={details !== null}
          onClick={() =>
            details !== null ? setDetails(null) : act(async () => setDetails(await model.api.job(job.id)))
          }
        >
          <span className="jja-name">{format.oneLine(job.title, 60)}</span>
          <span className="jja-facts">{verbName(job.verb, trans)}</span>
        </button>
        {runs ? (
          <>
            <Elapsed since={job.started} />
            <IconButton
              icon={stopIcon}
              label={trans.__('Stop %1', job.title)}
              onClick={() => act(() => model.api.stopJob(job.id))}
            />
          </>
        ) : (
          <>
            <Badge
              kind={job.state === 'stopped' || job.state === 'lost' ? 'cancelled' : job.state}
              label={stateName(job.state, trans)}
            />
            <IconButton
              icon={closeIcon}
              label={trans.__('Take off the list')}
              onClick={() =>
                act(async () => {
                  await model.api.forgetJob(job.id);
                  await model.load();
                })
              }
            />
          </>
        )}
      </div>
      {runs && (
        <div className="jja-pad jja-progress">
          <Progress fraction={job.progress?.fraction ?? null} label={job.title} />
          {rate !== null && rate !== undefined && (
            <span className="jja-facts">{trans.__('%1 pass', format.percent(rate))}</span>
          )}
        </div>
      )}
      {!props.quiet && job.message && <div className="jja-facts jja-under jja-clip">{format.visible(job.message)}</div>}
      {details !== null && <JobDetails job={details} />}
    </article>
  );
}

function JobDetails(props: { job: IJob }): JSX.Element {
  const { trans } = useServices();
  const { job } = props;
  const output = job.verb === 'run' && job.result ? `${job.result.stdout ?? ''}${job.result.stderr ?? ''}` : '';
  const scores = Object.entries((job.verb === 'eval' && job.result?.['pass@k']) || {});
  return (
    <div className="jja-body">
      {scores.length > 0 && (
        <>
          <Facts facts={scores.map(([k, score]) => [`pass@${k}`, format.percent(Number(score))])} />
          <Shares counts={job.result.verdicts ?? {}} />
        </>
      )}
      {output && <Output text={output} />}
      {job.log ? (
        <Output text={job.log} />
      ) : (
        !output && <div className="jja-facts">{trans.__('It has said nothing yet.')}</div>
      )}
    </div>
  );
}

/** Ask for Julia without a notebook: the work goes on when the tab is closed. */
function Ask(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const [open, setOpen] = useMemory('ask', false);
  const [name, setName] = React.useState('');
  const [request, setRequest] = React.useState('');
  const [tests, setTests] = React.useState('');
  const start = () =>
    act(async () => {
      await model.api.startJob({ verb: 'gen', name, request, tests });
      actions.notify(trans.__('Started; it goes on when you close this tab.'));
      setRequest('');
      setTests('');
    });
  return (
    <details className="jja-form" open={open} onToggle={e => setOpen(e.currentTarget.open)}>
      <summary>{trans.__('Ask for a function')}</summary>
      <label>
        {trans.__('Name')}
        <input className="jja-input" value={name} onChange={e => setName(e.target.value)} spellCheck={false} />
      </label>
      <label>
        {trans.__('What it should do')}
        <textarea className="jja-input" rows={3} value={request} onChange={e => setRequest(e.target.value)} />
      </label>
      <label>
        {trans.__('Tests (Julia @test lines)')}
        <textarea
          className="jja-input"
          rows={2}
          value={tests}
          spellCheck={false}
          onChange={e => setTests(e.target.value)}
        />
      </label>
      <Button
        primary
        label={trans.__('Generate')}
        disabled={!name.trim() || !request.trim()}
        onClick={start}
      />
    </details>
  );
}

/** Start an evaluation: given samples are judged; without them the model is asked first. */
function Evaluate(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const [open, setOpen] = useMemory('evaluate', false);
  const [tasks, setTasks] = useMemory('evaluate:tasks', '');
  const [samples, setSamples] = useMemory('evaluate:samples', '');
  const [count, setCount] = useMemory('evaluate:n', 1);
  const start = () =>
    act(async () => {
      await model.api.startJob({ verb: 'eval', tasks, samples, n: count });
      actions.notify(trans.__('Started; it goes on when you close this tab.'));
    });
  return (
    <details className="jja-form" open={open} onToggle={e => setOpen(e.currentTarget.open)}>
      <summary>{trans.__('Evaluate a model')}</summary>
      <label>
        {trans.__('Task file or folder')}
        <input
          className="jja-input"
          value={tasks}
          spellCheck={false}
          placeholder={trans.__('the tasks that come with the package')}
          onChange={e => setTasks(e.target.value)}
        />
      </label>
      <label>
        {trans.__('File of samples')}
        <input
          className="jja-input"
          value={samples}
          spellCheck={false}
          placeholder={trans.__('none: ask the model in use')}
          onChange={e => setSamples(e.target.value)}
        />
      </label>
      {!samples.trim() && (
        <label>
          {trans.__('Samples per task')}
          <input
            className="jja-input"
            type="number"
            min={1}
            max={512}
            value={count}
            onChange={e => setCount(Math.min(512, Math.max(1, Math.round(Number(e.target.value)) || 1)))}
          />
        </label>
      )}
      <Button primary label={trans.__('Evaluate')} onClick={start} />
    </details>
  );
}
