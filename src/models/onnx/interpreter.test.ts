import { describe, expect, it } from 'vitest';
import { type FixtureTensor, fixturesIn, readFixtures } from './fixtures-testing.ts';
import { decodeModel } from './format.ts';
import { createInterpreter } from './interpreter.ts';
import { Value } from './operators/index.ts';

const fixtures = fixturesIn(process.env.SHELFWISE_DATA_DIR);

function fedValue({ dtype, shape, data }: FixtureTensor): Value {
  return dtype === 'int64'
    ? Value.of({ type: 'int64', dims: shape, data: Float64Array.from(data) })
    : Value.of({ type: 'float', dims: shape, data: Float32Array.from(data) });
}

describe('the interpreter on files of other tools', () => {
  it.skipIf(!fixtures.present)(
    `gives their expected outputs${fixtures.present ? '' : ` (skipped: no ${fixtures.folder})`}`,
    () => {
      const files = readFixtures(fixtures.folder);
      expect(files).toHaveLength(12);
      for (const { file, bytes, inputs, outputs } of files) {
        const model = decodeModel(bytes);
        const feeds = new Map(Object.entries(inputs).map(([name, tensor]) => [name, fedValue(tensor)]));
        for (const [name, expected] of Object.entries(outputs)) {
          const result = createInterpreter(model, name).run(feeds, name);
          expect(result.dims, `${file} ${name}`).toEqual(expected.shape);
          expected.data.forEach((wanted, i) => {
            const error = Math.abs(result.numbers[i] - wanted);
            expect(error, `${file} ${name}[${i}]`).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted)));
          });
        }
      }
    },
  );
});
