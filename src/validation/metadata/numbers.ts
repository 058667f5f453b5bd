/** Numbers as text, as C's printf and as Python write them. */

/** `%.{precision}g` of C. */
export function formatG(x: number, precision = 6): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (x === 0) return Object.is(x, -0) ? '-0' : '0';
  const [mantissa, power] = x.toExponential(precision - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= precision) return `${trim(mantissa)}e${signed(exponent)}`;
  return trim(x.toFixed(precision - 1 - exponent));
}

function trim(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function signed(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `repr` of a Python float: the shortest digits that read back as the same double, an exponent from 1e16 and below 1e-4. */
export function formatDouble(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (x === 0) return Object.is(x, -0) ? '-0.0' : '0.0';
  const [shortest, power] = Math.abs(x).toExponential().split('e');
  const exponent = Number(power);
  const sign = x < 0 ? '-' : '';
  const mantissa = evenOfTwo(shortest, x);
  if (exponent < -4 || exponent >= 16) return `${sign}${mantissa}e${signed(exponent)}`;
  const digits = mantissa.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.padEnd(exponent + 1, '0');
  return `${sign}${whole.slice(0, exponent + 1)}.${whole.slice(exponent + 1) || '0'}`;
}

/** Of two shortest forms as near as each other, which are but rare, JavaScript writes the greater and Python the even one. */
function evenOfTwo(mantissa: string, x: number): string {
  const digits = mantissa.length - (mantissa.includes('.') ? 1 : 0);
  const last = Number(mantissa.at(-1));
  // A double of fewer digits is one of them exactly, or nearer to it.
  if (digits < 15 || last % 2 === 0) return mantissa;
  const [exact] = Math.abs(x)
    .toExponential(digits + 40)
    .split('e');
  if (!/^50*$/.test(exact.slice(mantissa.length))) return mantissa;
  return `${mantissa.slice(0, -1)}${last - 1}`;
}

/** The least of 6 to 9 significant digits that read back as the same float32, written as formatDouble does. */
export function shortestFloat(x: number): number {
  if (!Number.isFinite(x)) return x;
  for (let precision = 6; precision < 9; precision++) {
    const near = Number(x.toPrecision(precision));
    if (Math.fround(near) === x) return near;
  }
  return Number(x.toPrecision(9));
}
