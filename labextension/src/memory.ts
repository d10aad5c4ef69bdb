import { IStateDB } from '@jupyterlab/statedb';

import { IMemory } from './context';

const KEY = 'jupyter-julia-aot:memory';

/** Small values kept in JupyterLab's state database; readable once `ready`. */
export class Memory implements IMemory {
  constructor(private readonly _db: IStateDB | null) {
    this.ready = this._load();
  }

  readonly ready: Promise<void>;

  get(key: string): any {
    return this._values[key];
  }

  set(key: string, value: any): void {
    this._values = { ...this._values, [key]: value };
    void this._db?.save(KEY, this._values);
  }

  private async _load(): Promise<void> {
    try {
      const stored = await this._db?.fetch(KEY);
      this._values = { ...((stored as Record<string, any>) ?? {}), ...this._values };
    } catch (error) {
      // Nothing remembered is no reason not to show the panel.
      console.warn('jupyter-julia-aot: the state database cannot be read', error);
    }
  }

  private _values: Record<string, any> = {};
}
