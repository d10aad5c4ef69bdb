import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { PanelModel } from './model';
import { RequestError } from './request';
import { IState } from './state';
import { IBuild, ICandidate, IRunSummary } from './types';

/** What the sections can do in JupyterLab, beside asking the server. */
export interface IActions {
  openRun(id: string): void;
  insertCell(source: string): Promise<void>;
  accept(candidate: ICandidate): Promise<void>;
  rerun(id: string): Promise<void>;
  copy(text: string): void;
  download(build: IBuild, what?: 'download' | 'bundle'): void;
  reveal(build: IBuild): void;
  confirm(title: string, body: string, button: string): Promise<boolean>;
  /** Change settings in JupyterLab, in the file the magics read, and in running kernels. */
  changeSettings(values: Record<string, any>): Promise<void>;
  notify(message: string, error?: boolean): void;
}

/** Small values that outlive the page (JupyterLab's state database). */
export interface IMemory {
  get(key: string): any;
  set(key: string, value: any): void;
}

export interface IServices {
  model: PanelModel;
  actions: IActions;
  memory: IMemory;
  trans: TranslationBundle;
}

export const Services = React.createContext<IServices | null>(null);

/** The services around this component. */
export function useServices(): IServices {
  const services = React.useContext(Services);
  if (services === null) {
    throw new Error('A panel component was drawn outside the panel.');
  }
  return services;
}

/** The panel's state, drawn again when `select` gives something else. */
export function useLive<T>(select: (state: IState, model: PanelModel) => T): T {
  const { model } = useServices();
  const [value, setValue] = React.useState(() => select(model.state, model));
  React.useEffect(() => {
    const update = () => setValue(select(model.state, model));
    update();
    model.changed.connect(update);
    return () => {
      model.changed.disconnect(update);
    };
  }, [model]);
  return value;
}

/** A value that is kept for the next visit. */
export function useMemory<T>(key: string, initial: T): [T, (value: T) => void] {
  const { memory } = useServices();
  const [value, setValue] = React.useState<T>(() => (memory.get(key) as T) ?? initial);
  const change = (next: T) => {
    setValue(next);
    memory.set(key, next);
  };
  return [value, change];
}

export interface IAsked<T> {
  value: T | null;
  error: RequestError | null;
  loading: boolean;
  again: () => void;
}

/** The answer to a question, asked again when `dependencies` change; late answers are dropped. */
export function useAsked<T>(ask: () => Promise<T>, dependencies: unknown[], delay = 0): IAsked<T> {
  const [value, setValue] = React.useState<T | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [loading, setLoading] = React.useState(true);
  const [round, setRound] = React.useState(0);
  React.useEffect(() => {
    let current = true;
    setLoading(true);
    const timer = window.setTimeout(async () => {
      try {
        const answer = await ask();
        if (current) {
          setValue(answer);
          setError(null);
        }
      } catch (reason) {
        if (current) {
          setError(reason instanceof RequestError ? reason : new RequestError(String(reason)));
        }
      }
      if (current) {
        setLoading(false);
      }
    }, delay);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [...dependencies, round]);
  return { value, error, loading, again: () => setRound(n => n + 1) };
}

/** Run an action; what goes wrong becomes a notification. */
export function useDo(): (action: () => Promise<unknown>) => void {
  const { actions } = useServices();
  return action => {
    void action().catch((reason: any) => {
      const remedy = reason instanceof RequestError && reason.remedy ? ` → ${reason.remedy}` : '';
      actions.notify(`${reason?.message ?? reason}${remedy}`, true);
    });
  };
}

/** A run's title, for lists. */
export function titleOf(run: IRunSummary): string {
  return run.name || run.request || run.id;
}
