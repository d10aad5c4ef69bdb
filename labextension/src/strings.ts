import type { TranslationBundle } from '@jupyterlab/translation';

type Strings = Pick<TranslationBundle, '__'>;

const ENGLISH: Strings = {
  __: (text: string, ...values: any[]) => text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]))
};

let current = ENGLISH;

/** The language for messages made outside of components; set once, when the plugin starts. */
export function setStrings(trans: Strings): void {
  current = trans;
}

/** The language in use. */
export function strings(): Strings {
  return current;
}
