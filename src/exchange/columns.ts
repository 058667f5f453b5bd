/** Columns of a foreign file to fields of ours, and foreign values to the types of those fields. */
import { ShelfwiseError } from '../base/index.ts';

/** Field → column. */
export type ColumnMap = Readonly<Record<string, string>>;

/** A value that cannot become what its field needs; becomes the reason of a bad row. */
export class RowProblem extends Error {}

/**
 * Finds the field that a column feeds: by the map first, then by the same name, whatever its case and its `_`, `-` or
 * spaces (`played_ms` is `playedMs`).
 */
export class ColumnResolver {
  private readonly fieldByColumn = new Map<string, string | null>();
  private readonly fieldByPlainName: ReadonlyMap<string, string>;
  private readonly mappedFields: ReadonlySet<string>;
  private readonly map: ColumnMap;

  /** @throws `OPTION_INVALID` when the map names a field that there is not; `attributes.NAME` is allowed where `attributes` is a field. */
  constructor(owner: string, fields: readonly string[], map: ColumnMap) {
    for (const field of Object.keys(map)) {
      const known = fields.includes(field) || (field.startsWith('attributes.') && fields.includes('attributes'));
      if (!known) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `--map ${field}: ${owner} have no field "${field}"; they have ${fields.join(', ')}`,
        );
      }
    }
    this.map = map;
    this.mappedFields = new Set(Object.keys(map));
    this.fieldByPlainName = new Map(fields.map((field) => [plain(field), field]));
    for (const [field, column] of Object.entries(map)) this.fieldByColumn.set(column, field);
  }

  /** The field, or null for a column that feeds none. */
  field(column: string): string | null {
    const known = this.fieldByColumn.get(column);
    if (known !== undefined) return known;
    const byName = this.fieldByPlainName.get(plain(column)) ?? null;
    const field = byName !== null && this.mappedFields.has(byName) ? null : byName;
    this.fieldByColumn.set(column, field);
    return field;
  }

  /** @throws `OPTION_INVALID` when the map names a column that is not among `columns`. */
  requireMapped(file: string, columns: Iterable<string>): void {
    const present = new Set(columns);
    for (const [field, column] of Object.entries(this.map)) {
      if (!present.has(column)) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `--map ${field}=${column}: ${file} has no column "${column}"; it has ${[...present].join(', ') || 'none'}`,
        );
      }
    }
  }

  /** Columns that were seen and feed nothing. */
  ignored(): string[] {
    return [...this.fieldByColumn].filter(([, field]) => field === null).map(([column]) => column);
  }

  /** The row under the names of our fields; empty cells are left out. */
  pick(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const picked: Record<string, unknown> = {};
    for (const column in values) {
      const value = values[column];
      const field = this.field(column);
      if (field !== null && value !== null && value !== undefined && value !== '') picked[field] = value;
    }
    return picked;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_\-\s]/g, '');
}

export function toText(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new RowProblem(`${field} is not text`);
}

export function toNumber(field: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  const numeric = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';
  if (!numeric || !Number.isFinite(number)) throw new RowProblem(`${field} is not a number: ${shown(value)}`);
  return number;
}

export function toBoolean(field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  switch (String(value).trim().toLowerCase()) {
    case 'true':
    case '1':
    case 'yes':
      return true;
    case 'false':
    case '0':
    case 'no':
      return false;
    default:
      throw new RowProblem(`${field} is neither true nor false: ${shown(value)}`);
  }
}

const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
/** Numbers below it are seconds since 1970 (until the year 5138), above it milliseconds (since 1973). */
const SECONDS_BELOW = 100_000_000_000;

/**
 * An ISO 8601 date-time in UTC from what files hold: ISO with or without zone (UTC where it has none), a date, seconds
 * or milliseconds since 1970, or a timestamp of Parquet.
 */
export function toInstant(field: string, value: unknown): string {
  let ms = Number.NaN;
  if (value instanceof Date) ms = value.getTime();
  else if (typeof value === 'number' || typeof value === 'bigint') ms = epochMs(Number(value));
  else if (typeof value === 'string') {
    const text = value.trim();
    const parts = DATE_TIME.exec(text);
    if (parts !== null) {
      const zone = parts[3] === undefined || parts[3].toUpperCase() === 'UTC' ? 'Z' : parts[3].toUpperCase();
      ms = Date.parse(`${parts[1]}T${parts[2]}${zone}`);
    } else if (DATE_ONLY.test(text)) ms = Date.parse(`${text}T00:00:00Z`);
    else if (/^\d{9,}(\.\d+)?$/.test(text)) ms = epochMs(Number(text));
  }
  if (!(Math.abs(ms) <= 8.64e15)) throw new RowProblem(`${field} is not a time: ${shown(value)}`);
  const iso = new Date(ms).toISOString();
  if (iso.length !== 24) throw new RowProblem(`${field} lies outside the years 0 to 9999: ${shown(value)}`);
  return iso;
}

function epochMs(number: number): number {
  return Math.round(number < SECONDS_BELOW ? number * 1000 : number);
}

/** A list from an array, a JSON array, or text divided by `|` or `;`. */
export function toList(field: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  const text = toText(field, value).trim();
  if (text.startsWith('[')) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list)) return list;
    } catch (error) {
      throw new RowProblem(`${field} begins like a JSON array and is none`, { cause: error });
    }
  }
  return text
    .split(/[|;]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

export function toRecord(field: string, value: unknown): Record<string, unknown> {
  let record = value;
  if (typeof value === 'string') {
    try {
      record = JSON.parse(value);
    } catch (error) {
      throw new RowProblem(`${field} is not a JSON object`, { cause: error });
    }
  }
  if (record === null || typeof record !== 'object' || Array.isArray(record)) {
    throw new RowProblem(`${field} is not an object`);
  }
  return record as Record<string, unknown>;
}

/** A value for a message: short, on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  const clean = text.replaceAll(/[\u0000-\u001f\u007f]/g, '·');
  return clean.length > 60 ? `${clean.slice(0, 57)}…` : clean;
}
