/** Text and figures for HTML. What comes from data is hostile until it has gone through `escaped`. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as content and in quotes: lone surrogates and control characters become U+FFFD. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A text of either direction that leaves its surroundings alone. */
export function isolated(text: string): string {
  return `<bdi>${text === '' ? '<i>empty</i>' : escaped(text)}</bdi>`;
}

const MOST_GROUPED = 1e15;
const LEAST_PLAIN = 1e-4;

/** By most decimals; to make one takes longer than a thousand uses of it. */
const FORMATS = [0, 1, 2, 3, 4, 5].map(
  (maximumFractionDigits) => new Intl.NumberFormat('en', { maximumFractionDigits }),
);

/** 1,234.5; whole numbers in full, others with 5 significant digits at least. */
export function figure(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞';
  const size = Math.abs(x);
  if (size >= MOST_GROUPED || (size > 0 && size < LEAST_PLAIN)) return x.toPrecision(4);
  const decimals = Number.isInteger(x) || size >= 1e5 ? 0 : size >= 1 ? 5 - Math.ceil(Math.log10(size + 1)) : 5;
  return FORMATS[Math.max(0, decimals)].format(x).replace('-', '−');
}

/** 12.3% of a share in [0, 1]. */
export function percent(share: number): string {
  const hundredths = 100 * share;
  if (hundredths > 0 && hundredths < 0.1) return '<0.1%';
  return `${hundredths.toFixed(hundredths >= 99.95 || hundredths === 0 ? 0 : 1)}%`;
}
