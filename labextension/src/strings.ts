import type { TranslationBundle } from '@jupyterlab/translation';

type Strings = Pick<TranslationBundle, '__'>;

/** Used by jupyter_julia_aot/widgets/static/common.js. */
export const GLOBAL = 'jupyterJuliaAotStrings';

const ENGLISH: Strings = {
  __: (text: string, ...values: any[]) => text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]))
};

let current = ENGLISH;

/**
 * The language for messages made outside of components; set once, when the plugin starts. The
 * notebook's widgets, which come from the kernel, find it in the page under `GLOBAL`.
 */
export function setStrings(trans: TranslationBundle): void {
  current = trans;
  (globalThis as Record<string, unknown>)[GLOBAL] = trans;
}

/** The language in use. */
export function strings(): Strings {
  return current;
}
