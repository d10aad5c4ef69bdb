/**
 * What the server extension answers; the examples in tests/contract/server_*.json have these
 * shapes (read by jest and by pytest).
 */

export type Verdict =
  | 'passed'
  | 'failed'
  | 'error'
  | 'syntax'
  | 'timeout'
  | 'memory'
  | 'crashed'
  | 'blocked';

export interface IUsage {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  seconds: number;
}

export interface IRunSummary {
  id: string;
  kind: string;
  name: string;
  request: string;
  model: string;
  notebook: string;
  kernel: string;
  started: number;
  finished: number | null;
  status: string;
  seconds: number;
  verdict: Verdict | null;
  candidates: number;
  passed: number;
  selected: string | null;
  accepted: string | null;
  starred: boolean;
  usage: IUsage;
}

export interface ICandidate {
  id: string;
  name: string;
  code: string;
  origin: string;
  parent: string | null;
  notes: string[];
}

export interface ITrial {
  candidate_id: string;
  verdict: Verdict;
  checks: { passed: number; failed: number };
  seconds: number;
  output: string;
  error: { type: string; message: string; line: number | null } | null;
  failures: string[];
}

export interface ICandidateEntry {
  run_id: string;
  at: number;
  candidate: ICandidate;
  trials: ITrial[];
}

export interface IPrompt {
  name: string;
  request: string;
  oracle: { source: string; language: string; name: string } | null;
}

export interface IEvent {
  run_id: string;
  kind: string;
  data: Record<string, any>;
  at: number;
}

export interface IRun {
  summary: IRunSummary;
  prompt: IPrompt | null;
  candidates: ICandidateEntry[];
  builds: IBuild[];
  events: IEvent[];
  /** What of it a newer version wrote and this one leaves out. */
  unreadable: string[];
}

export interface IArtifact {
  id: string;
  kind: string;
  name: string;
  path: string;
  sha256: string;
  bytes: number;
  bundle_bytes: number | null;
  libraries: { name: string; bytes: number; bundled: boolean }[];
  backend: string;
  julia: string;
  trim: string;
  needs_julia: boolean;
}

export interface IBuild {
  run_id: string;
  at: number;
  notebook: string;
  exists: boolean;
  recipe: { trim?: string; slim?: boolean } | null;
  result: {
    artifact: IArtifact;
    stages: { name: string; seconds: number }[];
    cached: boolean;
    verified: { ran: boolean; exit_code: number | null; stdout: string; seconds: number };
    diagnostics: { severity: string; message: string; file: string; line: number | null }[];
  };
}

export interface IBuilds {
  builds: IBuild[];
  /** Ids of builds that a newer version wrote. */
  unreadable: string[];
}

export interface IProgress {
  fraction: number;
  message: string;
  pass_rate: number | null;
}

export interface IJob {
  id: string;
  verb: string;
  title: string;
  state: 'running' | 'done' | 'failed' | 'stopped' | 'lost';
  started: number;
  finished: number | null;
  exit_code: number | null;
  pid: number | null;
  progress: IProgress | null;
  message: string;
  log?: string;
  result?: any;
}

export interface IChange {
  seq: number;
  run_id: string;
  kind: string;
  at: number;
  data: Record<string, any>;
}

/** How far the answers of a running run are. */
export interface IRunProgress {
  run_id: string;
  tokens: number;
  /** In which at least one answer was being written. */
  seconds: number;
}

export type LiveMessage =
  | { type: 'hello'; seq: number; version: string }
  | { type: 'changes'; seq: number; changes: IChange[] }
  | { type: 'reset'; seq: number }
  | { type: 'job'; job: IJob }
  | { type: 'progress'; runs: IRunProgress[] }
  | { type: 'gone'; run_ids: string[] }
  | { type: 'problem'; message: string; remedy: string };

export interface INow {
  version: string;
  seq: number;
  time: number;
  runs: IRun[];
  progress: IRunProgress[];
  jobs: IJob[];
}

export interface IRunsPage {
  runs: IRunSummary[];
  total: number;
  offset: number;
}

export interface IToolchain {
  path: string;
  version: string;
  capabilities: string[];
  reason: Record<string, string>;
  source?: string;
}

export interface IDoctor {
  checked: number | null;
  running: boolean;
  error: string;
  doctor: {
    julia?: IToolchain[];
    model?: IModelInUse | null;
    models?: IModelInfo[];
    devices?: any[];
    sandbox?: any;
  } | null;
}

export interface IModelInfo {
  base_url: string;
  model: string;
  source: string;
  server?: string;
  context_tokens?: number | null;
  slots?: number | null;
  origin?: string;
}

/** The server that would be asked now; without an address it is the embedded model. */
export interface IModelInUse extends Omit<IModelInfo, 'base_url' | 'model'> {
  base_url: string | null;
  model: string | null;
  /** Whether it answers, and if not, why. */
  usable: boolean;
  reason?: string;
  remedy?: string;
}

export interface IModelState {
  runs: number;
  model: string | null;
  tokens_per_second: number | null;
  cached_share: number | null;
  warnings: { run_id: string; at: number; message: string; remedy: string }[];
}

export interface ISettings {
  path: string;
  values: Record<string, any>;
  origins: Record<string, string>;
  file: Record<string, any>;
}

export interface IBaseline {
  model: string;
  provider: string;
  cost: number | null;
  per_solved: number | null;
  note: string;
}

export interface ILedger {
  since: number;
  runs: number;
  solved: number;
  usage: IUsage;
  energy_kwh: number;
  energy_cost: number;
  cost_per_solved: number | null;
  currency: string;
  baselines: IBaseline[];
  days: { day: string; runs: number; solved: number; usage: IUsage }[];
  watts: number;
  tariff: number;
}
