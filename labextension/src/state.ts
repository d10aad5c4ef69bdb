/** What runs now, kept up to date by the messages of the live channel. Pure functions. */

import {
  ICandidate,
  IChange,
  IJob,
  INow,
  IRun,
  IRunProgress,
  ITrial,
  LiveMessage,
  Verdict
} from './types';

export interface ILiveCandidate {
  id: string;
  origin: string;
  code: string;
  verdict: Verdict | null;
}

export interface ILiveStage {
  name: string;
  state: string;
  seconds: number;
}

export interface ILiveRun {
  id: string;
  kind: 'generate' | 'build';
  name: string;
  model: string;
  notebook: string;
  started: number;
  answers: number;
  tokens: number;
  modelSeconds: number;
  /** Tokens so far, while answers are being written. */
  progress: IRunProgress | null;
  candidates: ILiveCandidate[];
  stages: ILiveStage[];
  warnings: { message: string; remedy: string }[];
}

export interface IState {
  seq: number;
  runs: ILiveRun[];
  jobs: IJob[];
  /** Grows with every change of the history's list, so that it is asked for again. */
  historyVersion: number;
  buildsVersion: number;
  problem: { message: string; remedy: string } | null;
}

export const EMPTY: IState = {
  seq: 0,
  runs: [],
  jobs: [],
  historyVersion: 0,
  buildsVersion: 0,
  problem: null
};

/** The state for an answer of the `now` route. */
export function fromNow(now: INow, before: IState = EMPTY): IState {
  return {
    ...before,
    seq: now.seq,
    runs: withProgress(now.runs.map(liveRun), now.progress),
    jobs: now.jobs,
    historyVersion: before.historyVersion + 1,
    buildsVersion: before.buildsVersion + 1,
    problem: null
  };
}

function emptyRun(id: string, started: number): ILiveRun {
  return {
    id,
    kind: 'generate',
    name: '',
    model: '',
    notebook: '',
    started,
    answers: 0,
    tokens: 0,
    modelSeconds: 0,
    progress: null,
    candidates: [],
    stages: [],
    warnings: []
  };
}

function liveRun(run: IRun): ILiveRun {
  let live: ILiveRun = {
    ...emptyRun(run.summary.id, run.summary.started),
    name: run.summary.name,
    model: run.summary.model,
    notebook: run.summary.notebook
  };
  for (const event of run.events) {
    // What candidates and trials hold comes from the run itself, not from its log.
    if (!['candidate', 'trial', 'run_started'].includes(event.kind)) {
      live = applied(live, event.kind, event.data);
    }
  }
  for (const entry of run.candidates) {
    live = applied(live, 'candidate', { candidate: entry.candidate });
    for (const trial of entry.trials) {
      live = applied(live, 'trial', { trial });
    }
  }
  return live;
}

/** The next state after a message. */
export function reduce(state: IState, message: LiveMessage): IState {
  switch (message.type) {
    case 'changes':
      return message.changes.reduce(change, { ...state, seq: message.seq, problem: null });
    case 'job': {
      const others = state.jobs.filter(job => job.id !== message.job.id);
      const jobs = [...others, message.job].sort((a, b) => (a.id < b.id ? 1 : -1));
      return { ...state, jobs };
    }
    case 'progress':
      return { ...state, runs: withProgress(state.runs, message.runs) };
    case 'gone':
      return {
        ...state,
        runs: state.runs.filter(run => !message.run_ids.includes(run.id)),
        historyVersion: state.historyVersion + 1
      };
    case 'problem':
      return { ...state, problem: { message: message.message, remedy: message.remedy } };
    default:
      return state;
  }
}

const ENDS = new Set(['run_finished', 'deleted']);
/** Only these begin a run; a late warning of an ended one must not bring it back. */
const BEGINS = new Set(['run_started', 'build_started']);
const LISTED = new Set([
  'run_started',
  'trial',
  'accepted',
  'run_finished',
  'starred',
  'unstarred',
  'deleted',
  'built'
]);

function change(state: IState, entry: IChange): IState {
  const next = { ...state };
  if (LISTED.has(entry.kind)) {
    next.historyVersion++;
  }
  if (entry.kind === 'built' || entry.kind === 'deleted') {
    next.buildsVersion++;
  }
  if (ENDS.has(entry.kind)) {
    next.runs = state.runs.filter(run => run.id !== entry.run_id);
    return next;
  }
  const known = state.runs.find(run => run.id === entry.run_id);
  if (!known && !BEGINS.has(entry.kind)) {
    return next;
  }
  const run = applied(known ?? emptyRun(entry.run_id, entry.at), entry.kind, entry.data);
  next.runs = [run, ...state.runs.filter(other => other.id !== entry.run_id)].sort((a, b) =>
    a.id < b.id ? 1 : -1
  );
  return next;
}

function applied(run: ILiveRun, kind: string, data: Record<string, any>): ILiveRun {
  switch (kind) {
    case 'run_started':
      return {
        ...run,
        name: String(data.prompt?.name ?? run.name),
        model: String(data.model?.model ?? run.model),
        notebook: String(data.notebook ?? run.notebook)
      };
    case 'answer':
      return {
        ...run,
        answers: run.answers + 1,
        tokens: run.tokens + Number(data.usage?.completion_tokens ?? 0),
        modelSeconds: run.modelSeconds + Number(data.usage?.seconds ?? 0)
      };
    case 'candidate': {
      const candidate = (data.candidate ?? data) as ICandidate;
      const added = { ...pick(candidate), verdict: null };
      return { ...run, name: run.name || candidate.name, candidates: [...run.candidates, added] };
    }
    case 'trial': {
      const trial = (data.trial ?? data) as ITrial;
      return {
        ...run,
        candidates: run.candidates.map(c =>
          c.id === trial.candidate_id ? { ...c, verdict: trial.verdict } : c
        )
      };
    }
    case 'build_started':
      return { ...run, kind: 'build', name: String(data.recipe?.name ?? run.name) };
    case 'stage': {
      const stage = {
        name: String(data.name ?? ''),
        state: String(data.state ?? ''),
        seconds: Number(data.seconds ?? 0)
      };
      return { ...run, stages: [...run.stages.filter(s => s.name !== stage.name), stage] };
    }
    case 'warning':
      return {
        ...run,
        warnings: [
          ...run.warnings,
          { message: String(data.message ?? ''), remedy: String(data.remedy ?? '') }
        ]
      };
    default:
      return run;
  }
}

function pick(candidate: ICandidate): Omit<ILiveCandidate, 'verdict'> {
  return { id: candidate.id, origin: candidate.origin, code: candidate.code };
}

function withProgress(runs: ILiveRun[], moved: IRunProgress[]): ILiveRun[] {
  return runs.map(run => ({ ...run, progress: moved.find(p => p.run_id === run.id) ?? run.progress }));
}

/** Tokens that were written for a run so far. */
export function tokensSoFar(run: ILiveRun): number {
  return Math.max(run.tokens, run.progress?.tokens ?? 0);
}

/** Tokens per second of a run, `null` before there are any. */
export function tokensPerSecond(run: ILiveRun): number | null {
  const { progress } = run;
  if (progress !== null && progress.seconds > 0) {
    return progress.tokens / progress.seconds;
  }
  return run.modelSeconds > 0 ? run.tokens / run.modelSeconds : null;
}

/** How many candidates have which verdict, in the order in which the first of each came. */
export function countVerdicts(run: ILiveRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const candidate of run.candidates) {
    const verdict = candidate.verdict ?? 'trying';
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}
