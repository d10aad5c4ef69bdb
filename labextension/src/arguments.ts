/** Words of a line; quotes keep spaces. No shell reads them. */
export function splitArguments(line: string): string[] {
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map(word => (/^(".*"|'.*')$/s.test(word) ? word.slice(1, -1) : word));
}
