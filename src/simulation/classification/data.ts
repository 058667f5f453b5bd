/** A file of labelled rows, for classification: columns of numbers or of categories, and a class a row. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ShelfwiseError } from '../../base/index.ts';

export interface NumericColumn {
  readonly kind: 'numeric';
  readonly name: string;
  /** One a row; NaN where it is missing. */
  readonly amounts: Float64Array;
}

export interface CategoryColumn {
  readonly kind: 'category';
  readonly name: string;
  /** One a row: 1 + position in `categories`; 0 where it is missing. */
  readonly codes: Uint32Array;
  readonly categories: readonly string[];
}

export type DataColumn = NumericColumn | CategoryColumn;

export interface ClassificationData {
  readonly rows: number;
  readonly columns: readonly DataColumn[];
  /** Name of the column of classes, and whether it was found by its looks. */
  readonly label: { readonly name: string; readonly guessed: boolean };
  /** Sorted. */
  readonly classes: readonly string[];
  /** One a row: position in `classes`. */
  readonly labels: Uint32Array;
}

/** What stands for a missing value. */
const MISSING: ReadonlySet<string> = new Set(['', '?', 'NA', 'NaN', 'nan', 'null']);
/** More classes than that, and the column is no class. */
const MAX_CLASSES = 1000;

function invalid(particulars: string): never {
  throw new ShelfwiseError('OPTION_INVALID', particulars);
}

/**
 * Reads a file, plain or gzipped, whose fields are parted by commas, semicolons, tabs or blanks, with or without a header.
 *
 * @param label `first`, `last`, a name of the header, or a number from 1. Without it: of the first and the last column the one
 * whose classes are the more evenly frequent (the entropy of their shares over its maximum).
 * @throws `OPTION_INVALID` for a file that is not there or is no table, and for a column that it does not have.
 */
export function readClassification(file: string, label?: string): ClassificationData {
  return parseClassification(textOf(file), file, label);
}

function textOf(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.toLowerCase().endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    return invalid(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The same of text that was read already; `file` is its name in errors. */
export function parseClassification(text: string, file: string, label?: string): ClassificationData {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2) invalid(`${file} has ${lines.length} rows; at least 2 are needed`);
  const separator = separatorOf(lines[0]);
  const table = lines.map((line) =>
    line
      .trim()
      .split(separator)
      .map((field) => field.trim()),
  );
  const width = table[0].length;
  if (width < 2) invalid(`${file} has one column; a class and at least one feature are needed`);
  const ragged = table.findIndex((fields) => fields.length !== width);
  if (ragged >= 0) invalid(`${file}: row ${ragged + 1} has ${table[ragged].length} fields, the first has ${width}`);
  const header = hasHeader(table) ? table.shift() : undefined;
  const names = header ?? Array.from({ length: width }, (_, c) => `column ${c + 1}`);
  const at = label === undefined ? guessLabel(table, width, file) : columnNamed(label, names, file);
  const classes = [...new Set(table.map((fields) => fields[at]))].sort();
  if (classes.length < 2) invalid(`${file}: all rows are of the class "${classes[0]}" (${names[at]}); see --label`);
  if (classes.length > MAX_CLASSES) {
    invalid(`${file}: ${names[at]} has ${classes.length} different values, more than ${MAX_CLASSES}; see --label`);
  }
  const codes = new Map(classes.map((name, code) => [name, code]));
  return {
    rows: table.length,
    columns: names.flatMap((name, c) =>
      c === at
        ? []
        : [
            columnOf(
              name,
              table.map((fields) => fields[c]),
            ),
          ],
    ),
    label: { name: names[at], guessed: label === undefined },
    classes,
    labels: Uint32Array.from(table, (fields) => codes.get(fields[at]) ?? 0),
  };
}

function separatorOf(line: string): string | RegExp {
  return [',', ';', '\t'].find((separator) => line.includes(separator)) ?? /\s+/;
}

function isNumber(field: string): boolean {
  return Number.isFinite(Number(field));
}

/** A first row is a header when no field of it stands in the same column below, and none is a number. */
function hasHeader(table: readonly (readonly string[])[]): boolean {
  return table[0].every((field, c) => {
    if (isNumber(field)) return false;
    for (let r = 1; r < table.length; r++) if (table[r][c] === field) return false;
    return true;
  });
}

function columnNamed(label: string, names: readonly string[], file: string): number {
  if (label === 'first') return 0;
  if (label === 'last') return names.length - 1;
  const named = names.indexOf(label);
  if (named >= 0) return named;
  const number = /^\d+$/.test(label) ? Number(label) : 0;
  if (number >= 1 && number <= names.length) return number - 1;
  return invalid(
    `${file} has no column "${label}"; it has ${names.join(', ')}: give one, first, last or a number from 1`,
  );
}

function guessLabel(table: readonly (readonly string[])[], width: number, file: string): number {
  const [first, last] = [0, width - 1].map((c) => evenness(table, c));
  if (first === 0 && last === 0)
    invalid(`${file}: neither the first nor the last column looks like a class; give --label`);
  return first >= last ? 0 : width - 1;
}

/** Entropy of the shares of the column's values over its maximum, [0, 1]; 0 for what cannot be a class. */
function evenness(table: readonly (readonly string[])[], column: number): number {
  const counts = new Map<string, number>();
  for (const fields of table) counts.set(fields[column], (counts.get(fields[column]) ?? 0) + 1);
  if (counts.size < 2 || counts.size > MAX_CLASSES || counts.size > table.length / 2) return 0;
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / table.length) * Math.log(count / table.length);
  return entropy / Math.log(counts.size);
}

function columnOf(name: string, fields: readonly string[]): DataColumn {
  if (fields.every((field) => MISSING.has(field) || isNumber(field))) {
    const amounts = Float64Array.from(fields, (field) => (MISSING.has(field) ? Number.NaN : Number(field)));
    return { kind: 'numeric', name, amounts };
  }
  const categories = [...new Set(fields)].filter((field) => !MISSING.has(field)).sort();
  const codes = new Map(categories.map((category, i) => [category, i + 1]));
  return { kind: 'category', name, codes: Uint32Array.from(fields, (field) => codes.get(field) ?? 0), categories };
}
