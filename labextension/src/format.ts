/** Numbers as people read them. */

/** Bytes with a binary unit: `1.7 MiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time: `0.42 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function seconds(value: number): string {
  if (value < 10) {
    return `${value < 1 ? value.toFixed(2) : value.toFixed(1)} s`;
  }
  if (value < 60) {
    return `${Math.round(value)} s`;
  }
  const whole = Math.round(value);
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Time that still runs, in whole seconds: `7 s`, `3 min 20 s`. */
export function elapsed(value: number): string {
  const whole = Math.max(0, Math.floor(value));
  return whole < 10 ? `${whole} s` : seconds(whole);
}

/** A moment, given in seconds since the epoch: the time today, else the date. */
export function moment(at: number, now: number = Date.now() / 1000): string {
  const date = new Date(at * 1000);
  const today = new Date(now * 1000);
  if (date.toDateString() === today.toDateString()) {
    return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  }
  const sameYear = date.getFullYear() === today.getFullYear();
  return date.toLocaleDateString(
    [],
    sameYear
      ? { day: 'numeric', month: 'short' }
      : { day: 'numeric', month: 'short', year: 'numeric' }
  );
}

/** A count with thin separators: `12 345`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** Money with as many digits as it needs: `0.0042 USD`, `12.30 USD`. */
export function money(value: number, currency: string): string {
  const digits = value === 0 || Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.01 ? 3 : 5;
  return `${value.toFixed(digits)} ${currency}`;
}

/** A share of one: `37 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}\u202f%`;
}

/** One line of at most `most` characters. */
export function oneLine(text: string, most = 120): string {
  const line = visible(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/**
 * Text with its direction marks made visible: they could show code in another order than the one
 * in which it runs (CVE-2021-42574, "Trojan Source").
 */
export function visible(text: string): string {
  return text.replace(
    /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g,
    mark => `\u27e8U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27e9`
  );
}
