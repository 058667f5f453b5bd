/** Models of other tools with their expected outputs: twelve files that stand outside the repository, where there are any. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** Where they are, below the folder of data that the environment names. */
export function fixturesIn(dataDir: string | undefined): { readonly folder: string; readonly present: boolean } {
  const folder = resolve(root, dataDir ?? '../shared/data', 'onnx');
  return { folder, present: existsSync(join(folder, 'expected.json')) };
}

export interface FixtureTensor {
  readonly dtype: 'float32' | 'int64';
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Fixture {
  readonly file: string;
  readonly note: string;
  readonly bytes: Uint8Array;
  readonly inputs: Readonly<Record<string, FixtureTensor>>;
  readonly outputs: Readonly<Record<string, FixtureTensor>>;
}

type Written = Omit<FixtureTensor, 'data'> & { readonly data: readonly (number | 'NaN')[] };

export function readFixtures(folder: string): readonly Fixture[] {
  const { cases } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
    cases: { model: string; note: string; inputs: Record<string, Written>; outputs: Record<string, Written> }[];
  };
  const read = (tensors: Record<string, Written>): Record<string, FixtureTensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, { ...t, data: t.data.map(Number) }]));
  return cases.map(({ model, note, inputs, outputs }) => ({
    file: model,
    note,
    bytes: new Uint8Array(readFileSync(join(folder, model))),
    inputs: read(inputs),
    outputs: read(outputs),
  }));
}
