import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

import { PREFIX, query } from './request';
import { LiveMessage } from './types';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;

/**
 * The live channel. It reconnects by itself, asking for what it missed; `connected` and `lost`
 * are told by the `stateChanged` signal.
 */
export class Live {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  get message(): ISignal<this, LiveMessage> {
    return this._message;
  }
  get stateChanged(): ISignal<this, boolean> {
    return this._stateChanged;
  }
  get connected(): boolean {
    return this._connected;
  }

  /** Open the channel; `seq` is what is known already. */
  open(seq: number): void {
    this._seq = seq;
    this._wanted = true;
    this._connect();
  }

  /** Close it until the next `open`. */
  close(): void {
    this._wanted = false;
    window.clearTimeout(this._timer);
    this._socket?.close();
    this._socket = null;
  }

  private _connect(): void {
    window.clearTimeout(this._timer);
    const { wsUrl, token, appendToken, WebSocket } = this._settings;
    const secret = appendToken && token ? token : undefined;
    const url = URLExt.join(wsUrl, PREFIX, 'live') + query({ since: this._seq, token: secret });
    const socket = new WebSocket(url);
    this._socket = socket;
    socket.onmessage = event => {
      if (socket !== this._socket) {
        return;
      }
      const message = JSON.parse(event.data) as LiveMessage;
      this._wait = FIRST_WAIT_MS;
      if ('seq' in message) {
        if (message.type !== 'hello') {
          this._seq = message.seq;
        }
      }
      this._setConnected(true);
      this._message.emit(message);
    };
    socket.onclose = () => {
      if (socket !== this._socket) {
        return;
      }
      this._socket = null;
      this._setConnected(false);
      if (this._wanted) {
        this._timer = window.setTimeout(() => this._connect(), this._wait);
        this._wait = Math.min(LONGEST_WAIT_MS, this._wait * 2);
      }
    };
  }

  private _setConnected(connected: boolean): void {
    if (connected !== this._connected) {
      this._connected = connected;
      this._stateChanged.emit(connected);
    }
  }

  private _seq = 0;
  private _wanted = false;
  private _connected = false;
  private _wait = FIRST_WAIT_MS;
  private _timer = 0;
  private _socket: WebSocket | null = null;
  private _message = new Signal<this, LiveMessage>(this);
  private _stateChanged = new Signal<this, boolean>(this);
}
