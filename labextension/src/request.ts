import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { strings } from './strings';

export const PREFIX = 'jupyter-julia-aot';

/** A request that failed: what is wrong, which field it is about, what to do. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly remedy = '',
    readonly field = '',
    readonly status = 0
  ) {
    super(message);
  }
}

/** Ask one of the extension's routes; `body` is sent as JSON. Raises `RequestError`. */
export async function request<T>(
  path: string,
  options: { method?: string; body?: unknown; settings?: ServerConnection.ISettings } = {}
): Promise<T> {
  const settings = options.settings ?? ServerConnection.makeSettings();
  const init: RequestInit = { method: options.method ?? 'GET' };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, PREFIX, path),
      init,
      settings
    );
  } catch (error) {
    const trans = strings();
    throw new RequestError(trans.__('The Jupyter server does not answer.'), trans.__('Is it still running?'));
  }
  const text = await response.text();
  if (response.ok) {
    return JSON.parse(text) as T;
  }
  throw failure(response.status, text);
}

/** The error for an answer that is not OK; what is not our JSON means: we are not there. */
export function failure(status: number, text: string): RequestError {
  try {
    const said = JSON.parse(text);
    if (typeof said.message === 'string' && typeof said.remedy === 'string') {
      return new RequestError(said.message, said.remedy, String(said.field ?? ''), status);
    }
  } catch (error) {
    // Not JSON: an answer of somebody else, told apart by its status below.
  }
  const trans = strings();
  if (status === 404) {
    return new RequestError(
      trans.__('The server extension of jupyter_julia_aot is not loaded.'),
      trans.__('Run: jupyter server extension enable jupyter_julia_aot — then restart the server.'),
      '',
      status
    );
  }
  return new RequestError(trans.__('The server answered %1.', status), '', '', status);
}

/** The query string for defined, non-empty values. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') {
      parameters.set(name, String(value));
    }
  }
  const text = parameters.toString();
  return text ? `?${text}` : '';
}
