/** Rates and latencies as the page writes them. */

/** "1,204", "12.4", "0.07". */
export function rateText(rate: number): string {
  if (rate >= 100 || Number.isInteger(rate)) return Math.round(rate).toLocaleString('en');
  return rate >= 10 ? rate.toFixed(1) : rate.toFixed(2);
}

/** "250 ms", "2.4 ms", "87 µs". */
export function msText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return ms >= 1 ? `${ms.toPrecision(2)} ms` : `${Math.round(ms * 1000)} µs`;
}
