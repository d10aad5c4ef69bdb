import { failure, query, RequestError } from '../request';
import { settingsChange, SettingsSync } from '../settings';
import { settingsCode } from '../notebook';

jest.mock('@jupyterlab/services', () => ({ ServerConnection: {} }));
jest.mock('@jupyterlab/coreutils', () => ({ URLExt: {} }));
jest.mock('@jupyterlab/notebook', () => ({}));

describe('request', () => {
  it('says what, which field and what to do', () => {
    const said = failure(400, '{"message":"n: 0 is not within 1 … 512","remedy":"more","field":"n"}');
    expect(said).toBeInstanceOf(RequestError);
    expect([said.message, said.remedy, said.field, said.status]).toEqual([
      'n: 0 is not within 1 … 512',
      'more',
      'n',
      400
    ]);
  });
  it('says that the server extension is missing when a page says 404', () => {
    expect(failure(404, '<html>').message).toContain('not loaded');
    expect(failure(404, '<html>').remedy).toContain('jupyter server extension enable');
    expect(failure(404, '{"message":"no run","remedy":"","field":"id"}').message).toBe('no run');
    expect(failure(502, '').message).toContain('502');
  });
  it('makes queries of what is there', () => {
    expect(query({ a: 1, b: '', c: undefined, d: 'x y&z' })).toBe('?a=1&d=x+y%26z');
    expect(query({})).toBe('');
  });
});

describe('settings', () => {
  it('sends what changed, and null for what was removed', () => {
    expect(settingsChange({ a: 1, b: 2, c: [3] }, { a: 1, b: 4, c: [3], d: 5 })).toEqual({ b: 4, d: 5 });
    expect(settingsChange({ a: 1 }, {})).toEqual({ a: null });
    expect(settingsChange({}, {})).toEqual({});
  });

  /** A settings object as JupyterLab's registry hands out. */
  class Settings {
    user: Record<string, any> = {};
    private _slots: (() => void)[] = [];
    changed = { connect: (slot: () => void) => this._slots.push(slot) };
    async set(name: string, value: any): Promise<void> {
      this.user = { ...this.user, [name]: value };
      this._slots.forEach(slot => slot());
    }
  }

  it('takes over what the file has, and carries changes to it once', async () => {
    const sent: Record<string, unknown>[] = [];
    const api: any = {
      readSettings: async () => ({ file: { samples: 4 } }),
      writeSettings: async (values: Record<string, unknown>) => sent.push(values)
    };
    const settings = new Settings();
    settings.user = { watts: 50 };
    const sync = new SettingsSync(api, settings as any, reason => {
      throw reason;
    });
    await sync.start();
    expect(settings.user).toEqual({ watts: 50, samples: 4 });
    expect(sent).toEqual([{ watts: 50 }]);
    await sync.set({ base_url: 'http://x/v1' });
    expect(sent).toEqual([{ watts: 50 }, { base_url: 'http://x/v1' }]);
  });

  it('quotes values for Python so that none becomes code', () => {
    const code = settingsCode({ base_url: '"); import os; ("' });
    const literal = /loads\((".*")\)\.items/.exec(code)![1];
    expect(JSON.parse(JSON.parse(literal))).toEqual({ base_url: '"); import os; ("' });
  });
});
