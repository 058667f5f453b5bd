/** For tests: chunks from rows, and messages compared by what they mean. */
import { expect } from 'vitest';
import { type Chunk, type ColumnType, columnOf, typeOf } from '../sources/columns.ts';

export const INT: ColumnType = { kind: 'INT', depth: 1 };
export const FLOAT: ColumnType = { kind: 'FLOAT', depth: 1 };
export const STRING: ColumnType = { kind: 'STRING', depth: 1 };
export const NULL: ColumnType = { kind: 'NULL', depth: 1 };

/** Columns of one element per example, of the type given or else the one that holds them. */
export function chunkOf(columns: Record<string, readonly unknown[]>, types: Record<string, ColumnType> = {}): Chunk {
  const entries = Object.entries(columns);
  return {
    rows: entries[0]?.[1].length ?? 0,
    columns: entries.map(([name, rows]) => columnOf(name, types[name] ?? typeOf(name, rows), rows)),
  };
}

/** What is absent equals its default. */
function isDefault(key: string, value: unknown): boolean {
  if (value === undefined || value === 0 || value === '' || (Array.isArray(value) && value.length === 0)) return true;
  return key === 'type' && (value === 'INT' || value === 'STANDARD');
}

function differences(path: string, actual: unknown, expected: unknown, tolerance: number, found: string[]): void {
  if (typeof actual === 'number' && typeof expected === 'number') {
    const near = Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
    if (!near && !Object.is(actual, expected)) found.push(`${path}: ${actual} is not ${expected}`);
  } else if (typeof actual === 'object' && typeof expected === 'object' && actual !== null && expected !== null) {
    for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
      const [a, e] = [(actual as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]];
      if (isDefault(key, a) && isDefault(key, e)) continue;
      const of = (value: unknown, other: unknown) => (value === undefined && typeof other === 'number' ? 0 : value);
      differences(`${path}.${key}`, of(a, e), of(e, a), tolerance, found);
    }
  } else if (actual !== expected) found.push(`${path}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

/** Equal but for defaults, and numbers to a share of their size (of 1, for smaller ones). */
export function expectNear(actual: unknown, expected: unknown, tolerance = 1e-5): void {
  const found: string[] = [];
  differences('', actual, expected, tolerance, found);
  expect(found).toEqual([]);
}

export async function gather<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}
