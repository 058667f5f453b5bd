/**
 * Options: a partial record in, a frozen and complete record out. Unknown keys are errors, so that a typo never
 * silently means a default.
 */
import { ShelfwiseError } from './errors.ts';

/** Fills `given` with `defaults`; throws `OPTION_INVALID` for a key that `defaults` does not have. */
export function resolveOptions<T extends object>(
  owner: string,
  given: { readonly [K in keyof T]?: T[K] | undefined },
  defaults: T,
): Readonly<T> {
  const resolved: Record<string, unknown> = { ...(defaults as Record<string, unknown>) };
  for (const [key, chosen] of Object.entries(given)) {
    if (!(key in defaults)) {
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `${owner} has no option "${key}"; it has ${Object.keys(defaults).sort().join(', ')}`,
      );
    }
    if (chosen !== undefined) resolved[key] = chosen;
  }
  return Object.freeze(resolved) as Readonly<T>;
}

/**
 * Throws `OPTION_INVALID` unless `low <= value <= high`. NaN never passes, nor does the text of a number: options are also read
 * from files.
 */
export function requireRange(owner: string, name: string, value: number, low: number, high: number): void {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    const shown = typeof value === 'number' ? value : JSON.stringify(value);
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: ${name} is ${shown}; it must lie in [${low}, ${high}]`);
  }
}

/** The same of a whole number. */
export function requireWhole(owner: string, name: string, value: number, low: number, high: number): void {
  requireRange(owner, name, value, low, high);
  if (!Number.isInteger(value)) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: ${name} is ${value}; it must be whole`);
  }
}

/** Throws `OPTION_INVALID` unless `value` is a list of texts. */
export function requireTexts(owner: string, name: string, value: readonly string[]): void {
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: ${name} is ${JSON.stringify(value)}; it is a list of names`);
  }
}

/** Throws `OPTION_INVALID` unless `value` is one of `allowed`. */
export function requireOneOf(owner: string, name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${owner}: ${name} is ${value}; it must be one of ${allowed.join(', ')}`,
    );
  }
}
