import { ISignal, Signal } from '@lumino/signaling';

import { Api } from './api';
import { Live } from './live';
import { RequestError } from './request';
import { EMPTY, fromNow, IState, reduce } from './state';
import { LiveMessage } from './types';

/** The panel's state: what the server told, and whether it can be reached. */
export class PanelModel {
  constructor(
    readonly api: Api,
    private readonly _live: Live = new Live(api.settings)
  ) {
    this._live.message.connect(this._onMessage, this);
    this._live.stateChanged.connect((_, connected) => {
      this.connected = connected;
      if (connected && this._wasLost) {
        void this.load();
      }
      this._wasLost = !connected;
      this._emit();
    });
  }

  state: IState = EMPTY;
  connected = false;
  loading = true;
  error: RequestError | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask for everything that runs, then listen. */
  async load(): Promise<void> {
    try {
      const now = await this.api.now();
      this.state = fromNow(now, this.state);
      this.error = null;
      if (!this._open) {
        this._open = true;
        this._live.open(now.seq);
      }
    } catch (error) {
      this.error = error instanceof RequestError ? error : new RequestError(String(error));
    }
    this.loading = false;
    this._emit();
  }

  private _onMessage(_: Live, message: LiveMessage): void {
    if (message.type === 'reset') {
      void this.load();
      return;
    }
    this.state = reduce(this.state, message);
    this._emit();
  }

  /** Tell the views at most once per frame, however fast messages come. */
  private _emit(): void {
    if (this._pending) {
      return;
    }
    this._pending = true;
    window.requestAnimationFrame(() => {
      this._pending = false;
      this._changed.emit();
    });
  }

  private _open = false;
  private _wasLost = false;
  private _pending = false;
  private _changed = new Signal<this, void>(this);
}
