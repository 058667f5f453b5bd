import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';
import type { EstimateReport } from './ope-estimate.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'shelfwise-estimate-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function run(...args: string[]) {
  const outcome = await runForTest(['ope', 'estimate', ...args], { cwd });
  return { ...outcome, json: () => JSON.parse(outcome.out) as EstimateReport };
}

/** Two actions, drawn with 0.5 each; the second earns 1 with probability 0.6, the first never; the target takes it with 0.9. */
function writeLog(name: string, decisions: number, change: (row: number, line: string[]) => void = () => {}): string {
  const rng = createRng(1);
  const lines = ['listener,reward,propensity,target_propensity'];
  for (let row = 0; row < decisions; row++) {
    const second = rng.uniform() < 0.5;
    const line = [`l${row % 400}`, second && rng.uniform() < 0.6 ? '1' : '0', '0.5', second ? '0.9' : '0.1'];
    change(row, line);
    lines.push(line.join(','));
  }
  writeFileSync(join(cwd, name), lines.join('\n'));
  return name;
}

describe('ope estimate', () => {
  it('tells what the policy would have earned, within its error, and that the log can tell', async () => {
    const { code, json } = await run('--log', writeLog('good.csv', 4000), '--json');
    expect(code).toBe(EXIT.ok);
    const { verdict, reasons, estimates, tuning, lowerBounds, diagnostics } = json();
    expect({ verdict, reasons }).toEqual({ verdict: 'trustworthy', reasons: [] });
    for (const name of ['ipw', 'snipw']) {
      const { value, interval, standardError } = estimates[name];
      expect(Math.abs(value - 0.54)).toBeLessThan(4 * standardError);
      expect(standardError).toBeLessThan(0.02);
      expect(interval.lower).toBeLessThan(value);
      expect(interval.upper).toBeGreaterThan(value);
    }
    expect(Object.keys(tuning)).toContain('ipw|slope|ub=True');
    expect(lowerBounds['student_t(delta=.05)']).toBeLessThan(estimates.ipw.value);
    expect(diagnostics).toMatchObject({ n: 4000, groups: 400, maxWeight: 1.8 });
    expect(diagnostics.meanWeight).toBeCloseTo(1, 1);
    // A model was not logged, so that no estimate needs one.
    expect(Object.keys(estimates).filter((name) => /dr|dm/.test(name))).toEqual([]);
  });

  it('tells of the rows of a query what it tells of a file of them', async () => {
    const log = join(cwd, writeLog('whole.csv', 1000));
    const { log: _file, format: _csv, ...ofFile } = (await run('--log', log, '--json')).json();
    const query = `SELECT * FROM read_csv('${log}')`;
    const { log: said, format, ...ofQuery } = (await run('--sql', query, '--json')).json();
    expect({ said, format }).toEqual({ said: query, format: 'sql' });
    expect(ofQuery).toEqual(ofFile);
  });

  it('shows no number of a refused evaluation, unless asked, and then apart', async () => {
    // Propensities that are five times too small: weights that cannot be.
    const log = writeLog('wrong.csv', 4000, (_row, line) => {
      line[2] = '0.1';
    });
    const { code, json } = await run('--log', log, '--json');
    expect(code).toBe(EXIT.finding);
    expect(json()).toMatchObject({ verdict: 'refused', estimates: {}, tuning: {}, lowerBounds: {} });
    expect(json().reasons).toMatchObject([{ code: 'MEAN_WEIGHT', severity: 'refused' }]);
    const text = await run('--log', log);
    expect(text.out).toContain('refused:');
    expect(text.out).not.toContain('ipw');
    expect((await run('--log', log, '--show-refused')).out).toMatch(
      /REFUSED: what follows are no results\.\n.*\n {2}rm/,
    );
  });

  it.each(['0', '-0.5', '1.5', 'NaN'])('refuses a propensity of %s with its row and the remedy', async (propensity) => {
    const log = writeLog('bad.csv', 50, (row, line) => {
      if (row === 17) line[2] = propensity;
    });
    const { code, err } = await run('--log', log);
    expect(code).not.toBe(EXIT.ok);
    expect(err).toContain('A logged propensity does not lie in (0, 1]');
    expect(err).toContain('row 17 has propensity');
    expect(err).toContain('Log the probability with which the action was drawn');
  });

  it('takes estimators by name, columns by map, and the grid', async () => {
    const log = writeLog('small.csv', 400);
    const { json } = await run('--log', log, '--estimators', 'ipw(lambda=1.0),snipw', '--lambdas', '1,inf', '--json');
    expect(Object.keys(json().estimates)).toEqual(['ipw(lambda=1.0)', 'snipw']);
    expect([1, null]).toContain(json().tuning['ipw|slope|ub=True'].lambda);
    const missing = await run('--log', log, '--map', 'reward=clicks');
    expect(missing.err).toContain('clicks');
  });

  it.each([
    [
      ['--log', 'good.csv', '--policy', 'uniform'],
      'this log says the judged policy’s probabilities in target_propensity',
    ],
    [['--log', 'events.log'], 'the name "events.log" tells no format'],
    [['--log', 'nothing.csv'], 'nothing.csv'],
    [['--log', 'good.csv', '--estimators', 'magic'], 'magic'],
    [[], 'give either --log or --sql'],
    [['--sql', 'SELECT 1', '--log', 'good.csv'], 'give either --log or --sql'],
    [['--sql', 'SELECT 1', '--format', 'csv'], 'a query has columns'],
    [['--sql', 'SELECT 1 AS reward'], 'the query has no column for propensity'],
  ])('says what is wrong: %o', async (args, text) => {
    const { code, err } = await run(...args);
    expect(code).not.toBe(EXIT.ok);
    expect(err.replaceAll('\n', ' ')).toContain(text.replace('’', "'"));
  });
});
