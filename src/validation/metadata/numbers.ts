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
  const [mantissa, power] = x.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) return `${mantissa}e${signed(exponent)}`;
  const digits = Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent);
  const decimal = x.toFixed(digits);
  return decimal.includes('.') ? decimal : `${decimal}.0`;
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
