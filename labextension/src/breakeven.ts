/** When the hardware has paid for itself, with the user's own numbers. */

export interface IBreakEven {
  /** What the same work costs elsewhere minus what it costs here, per week. */
  savedPerWeek: number;
  /** Weeks until the hardware is paid; `null` when it never is. */
  weeks: number | null;
}

/**
 * `hardware / (apiPerWeek − herePerWeek)`, all in one currency.
 * Hardware that costs nothing is paid at once.
 */
export function breakEven(
  hardware: number,
  apiPerWeek: number,
  herePerWeek: number
): IBreakEven {
  const savedPerWeek = apiPerWeek - herePerWeek;
  if (hardware <= 0) {
    return { savedPerWeek, weeks: 0 };
  }
  return { savedPerWeek, weeks: savedPerWeek > 0 ? hardware / savedPerWeek : null };
}
