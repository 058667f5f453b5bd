import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'shelfwise-learn-'));
  const rng = createRng(2);
  const rows = Array.from({ length: 600 }, () => {
    const [x, y] = [rng.normal(), rng.normal()];
    return `${x},${y},${x + y > 0 ? 'up' : 'down'}`;
  });
  writeFileSync(join(cwd, 'toy.csv'), rows.join('\n'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const run = (...args: string[]) => runForTest(['ope', 'learn', ...args], { cwd });

describe('shelfwise ope learn', () => {
  it('answers with each learner, who logged and full supervision', async () => {
    const { code, out } = await run('toy.csv', '--learner', 'ips,poem', '--epsilon', '0.5', '--json');
    expect(code).toBe(EXIT.ok);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ file: 'toy.csv', classes: 2, columns: 2, runs: 1, rows: { test: 180 } });
    expect(report.learners.map(({ learner }: { learner: string }) => learner)).toEqual(['ips', 'poem']);
    expect(report.learners[1].greedyAccuracy.mean).toBeGreaterThan(0.85);
    expect(report.learners[1].accuracy.mean).toBeGreaterThan(report.logging.accuracy.mean);
    expect(report.supervised.softmax.greedyAccuracy.mean).toBeGreaterThan(0.9);
    expect(report.logging.options.epsilon).toBe(0.5);
  });

  it('writes a table, with what is below the logging policy said', async () => {
    const { code, out } = await run('toy.csv', '--learner', 'classifier', '--set', 'clip=3');
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^600 rows, 2 classes: column 3/);
    expect(out).toMatch(/the logging policy +0\.\d{4} +0\.\d{4}\n/);
    expect(out).toMatch(/classifier +0\.\d{4} +0\.\d{4}/);
  });

  it('says what it does not know', async () => {
    expect(await run('toy.csv', '--learner', 'magic')).toMatchObject({
      code: EXIT.usage,
      err: expect.stringMatching(/no learner "magic"/),
    });
    expect(await run('nothing.csv')).toMatchObject({ code: EXIT.usage, err: expect.stringMatching(/cannot be read/) });
  });
});
