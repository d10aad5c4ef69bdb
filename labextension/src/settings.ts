/**
 * JupyterLab's settings editor and the file that the magics read say the same: what is set in
 * either is carried to the other.
 */

import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Api } from './api';

/** Values to send for a change from `before` to `now`: `null` removes one from the file. */
export function settingsChange(
  before: Record<string, unknown>,
  now: Record<string, unknown>
): Record<string, unknown> {
  const change: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(now)) {
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) {
      change[name] = value;
    }
  }
  for (const name of Object.keys(before)) {
    if (!(name in now)) {
      change[name] = null;
    }
  }
  return change;
}

/** Carries settings both ways; `failed` is told what the server refuses. */
export class SettingsSync {
  constructor(
    private readonly _api: Api,
    private readonly _settings: ISettingRegistry.ISettings | null,
    private readonly _failed: (reason: unknown) => void
  ) {}

  /** Take over what the file has and JupyterLab has not, then follow JupyterLab's changes. */
  async start(): Promise<void> {
    const settings = this._settings;
    if (!settings) {
      return;
    }
    const { file } = await this._api.readSettings();
    this._known = { ...file };
    for (const [name, value] of Object.entries(file)) {
      if (!(name in settings.user)) {
        await settings.set(name, value as any);
      }
    }
    settings.changed.connect(() => void this._send());
    await this._send();
  }

  /** Set values as if in the settings editor. */
  async set(values: Record<string, unknown>): Promise<void> {
    if (!this._settings) {
      await this._api.writeSettings(values);
      return;
    }
    for (const [name, value] of Object.entries(values)) {
      await this._settings.set(name, value as any);
    }
    await this._send();
  }

  private async _send(): Promise<void> {
    const user = { ...this._settings!.user } as Record<string, unknown>;
    const change = settingsChange(this._known, user);
    if (Object.keys(change).length === 0) {
      return;
    }
    this._known = user;
    try {
      await this._api.writeSettings(change);
    } catch (reason) {
      this._failed(reason);
    }
  }

  private _known: Record<string, unknown> = {};
}
