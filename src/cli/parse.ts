/** Arguments of the command line as values; what does not parse is a usage error that says what would. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const parsed = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(parsed >= low && parsed <= high))
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    return parsed;
  };
}

export function finiteNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const parsed = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(parsed >= low && parsed <= high))
      throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
    return parsed;
  };
}

export function share(text: string): number {
  const parsed = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(parsed >= 0 && parsed < 1))
    throw new InvalidArgumentError('It must be a share from 0 to less than 1, such as 0.2.');
  return parsed;
}

/** `--map field=column`, repeatable. */
export function columnMap(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError('It must read field=column, such as itemId=track_id.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `--set name=value`, repeatable: a number or true or false where it reads as one, otherwise a text. */
export function anyOptionMap(
  text: string,
  before: Readonly<Record<string, number | string | boolean>> = {},
): Record<string, number | string | boolean> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must read name=value, such as l2=1 or learning=batch.');
  const written = text.slice(at + 1);
  const number = written.trim() === '' ? Number.NaN : Number(written);
  const value = Number.isFinite(number)
    ? number
    : written === 'true' || written === 'false'
      ? written === 'true'
      : written;
  return { ...before, [text.slice(0, at)]: value };
}
