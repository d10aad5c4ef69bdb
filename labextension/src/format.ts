/** Numbers as people read them. */

/** Bytes with a decimal unit, as widgets, command line and README have them: `1.7 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
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

/** How many a second: `3.4`, `87`. */
export function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** Energy, given in kWh: `0.13 Wh`, `42 Wh`, `1.3 kWh`. */
export function energy(kwh: number): string {
  const wh = 1000 * kwh;
  return wh < 1000 ? `${wh < 10 ? wh.toFixed(2) : wh.toFixed(0)} Wh` : `${kwh.toFixed(1)} kWh`;
}

/** A count with thin separators: `12 345`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A count in short: `812`, `12.3 k`, `3.65 M`. */
export function short(value: number): string {
  for (const [scale, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k']
  ] as const) {
    if (value >= scale) {
      return `${Number((value / scale).toPrecision(3))}\u202f${unit}`;
    }
  }
  return String(Math.round(value));
}

/** A sum of money with as many digits as it needs: `0.00042`, `12.30`. */
export function amount(value: number): string {
  return value.toFixed(value === 0 || Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.01 ? 3 : 5);
}

/** Money with its currency: `12.30 USD`. */
export function money(value: number, currency: string): string {
  return `${amount(value)} ${currency}`;
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
