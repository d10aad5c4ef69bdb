import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { PREFIX, query, request } from './request';
import {
  IBuilds,
  IDoctor,
  IJob,
  ILedger,
  IModelState,
  INow,
  IRun,
  IRunSummary,
  IRunsPage,
  ISettings
} from './types';

/** The routes of the server extension, one method each. */
export class Api {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  now(): Promise<INow> {
    return this._ask('now');
  }
  runs(options: {
    limit: number;
    offset: number;
    search?: string;
    starred?: boolean;
  }): Promise<IRunsPage> {
    const starred = options.starred ? true : undefined;
    return this._ask(`runs${query({ ...options, starred })}`);
  }
  run(id: string): Promise<IRun> {
    return this._ask(`runs/${encodeURIComponent(id)}`);
  }
  star(id: string, starred: boolean): Promise<IRunSummary> {
    return this._ask(`runs/${encodeURIComponent(id)}`, 'PATCH', { starred });
  }
  deleteRun(id: string): Promise<unknown> {
    return this._ask(`runs/${encodeURIComponent(id)}`, 'DELETE');
  }
  stopRun(id: string): Promise<unknown> {
    return this._ask(`runs/${encodeURIComponent(id)}/stop`, 'POST', {});
  }
  builds(): Promise<IBuilds> {
    return this._ask('builds');
  }
  prune(): Promise<{ pruned: number }> {
    return this._ask('builds', 'DELETE');
  }
  deleteBuild(id: string): Promise<unknown> {
    return this._ask(`builds/${encodeURIComponent(id)}`, 'DELETE');
  }
  runBuild(id: string, args: string[]): Promise<IJob> {
    return this._ask(`builds/${encodeURIComponent(id)}/run`, 'POST', { args });
  }
  /** Where a build's file, or its bundle as a ZIP file, is downloaded from. */
  downloadUrl(id: string, what: 'download' | 'bundle' = 'download'): string {
    const path = `builds/${encodeURIComponent(id)}/${what}`;
    const token = this.settings.token && this.settings.appendToken ? this.settings.token : '';
    return URLExt.join(this.settings.baseUrl, PREFIX, path) + query({ token });
  }
  startJob(fields: Record<string, unknown>): Promise<IJob> {
    return this._ask('jobs', 'POST', fields);
  }
  job(id: string): Promise<IJob> {
    return this._ask(`jobs/${encodeURIComponent(id)}`);
  }
  stopJob(id: string): Promise<unknown> {
    return this._ask(`jobs/${encodeURIComponent(id)}/stop`, 'POST', {});
  }
  forgetJob(id: string): Promise<unknown> {
    return this._ask(`jobs/${encodeURIComponent(id)}`, 'DELETE');
  }
  doctor(again = false): Promise<IDoctor> {
    return this._ask('doctor', again ? 'POST' : 'GET', again ? {} : undefined);
  }
  model(): Promise<IModelState> {
    return this._ask('model');
  }
  readSettings(): Promise<ISettings> {
    return this._ask('settings');
  }
  writeSettings(values: Record<string, unknown>): Promise<ISettings> {
    return this._ask('settings', 'PUT', values);
  }
  ledger(options: {
    since?: number;
    watts?: number;
    tariff?: number;
    baselines?: string;
  }): Promise<ILedger> {
    return this._ask(`ledger${query(options)}`);
  }
  async notebooks(): Promise<{ id: string; title: string }[]> {
    return (await this._ask<{ notebooks: { id: string; title: string }[] }>('notebooks')).notebooks;
  }
  notebook(id: string): Promise<any> {
    return this._ask(`notebooks/${encodeURIComponent(id)}`);
  }

  private _ask<T>(path: string, method?: string, body?: unknown): Promise<T> {
    return request<T>(path, { method, body, settings: this.settings });
  }
}
