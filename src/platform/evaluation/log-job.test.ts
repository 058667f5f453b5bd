import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, type ManualClock, MINUTE_MS, manualClock } from '../../base/index.ts';
import { evaluateStudies, judge, LogDiagnostics } from '../../counterfactual/index.ts';
import type { Page } from '../../domain/index.ts';
import { type EvaluationLogDecision, type EvaluationLogHeader, readEvaluationLog } from '../../exchange/index.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, newDir, open, removeDirs, START_MS } from '../platform-testing.ts';
import { chanceOf, react } from '../training/training-testing.ts';
import type { ComparedPolicy, EvaluationLogOptions } from './comparison.ts';

const LISTENERS = 48;
const COOL = { name: 'cool', policy: 'plackett-luce', options: { cardTemperature: 0.04, shelfTemperature: 0.25 } };
const GREEDY = { policy: 'greedy' };
const POLICIES = [COOL, GREEDY];

let clock: ManualClock;
let platform: Platform;
let file: string;
let lines: readonly string[];

async function written(request: Partial<EvaluationLogOptions>): Promise<string[]> {
  const all: string[] = [];
  await platform.exportEvaluationLog(
    { span: 'all', ...request },
    {
      onLines: async (some) => {
        all.push(...some);
      },
    },
  );
  return all;
}

beforeAll(async () => {
  clock = manualClock(START_MS);
  platform = await open(await fittedDir(), clock);
  const rng = createRng(11);
  const visit = (listener: string, page: Page): Promise<void> =>
    react(platform, listener, page, clock, rng, (who, item, r, j) => chanceOf(who, item) / (1 + r + j));
  for (let round = 0; round < 3; round++) {
    for (let l = 0; l < LISTENERS; l++) {
      const page = await home(platform, `l${l}`);
      await visit(`l${l}`, page);
      if (l > 8) continue;
      // What was seen stays where it was when a play makes a new page.
      clock.advance(MINUTE_MS);
      const next = await home(platform, `l${l}`, { fresh: false });
      if (next.decisionId !== page.decisionId) await visit(`l${l}`, next);
    }
    clock.advance(3 * HOUR_MS);
  }
  clock.advance(DAY_MS);
  lines = await written({ policies: POLICIES });
  file = join(newDir(), 'log.ope.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
}, 240_000);
afterAll(async () => {
  await platform.close();
  removeDirs();
});

describe('an evaluation log of a platform', () => {
  it('says what `ope compare` says of the same decisions, at every rung and by every estimator', async () => {
    for (const rung of ['above', 'prefix', 'row', 'item'] as const) {
      const estimators = ['dr', 'sndr', 'ipw', 'snipw', 'dr(lambda=2.0)'];
      const compared = await platform.comparePolicies({ policies: POLICIES, span: 'all', rung, estimators });
      for (const [p, name] of ['cool', 'greedy'].entries()) {
        const log = await readEvaluationLog(file, { policy: name, rung });
        const diagnostics = new LogDiagnostics();
        const { estimates, evaluations } = await evaluateStudies(log.studies, { estimators, observers: [diagnostics] });
        const { verdict, reasons } = judge({ ...diagnostics.evidence(), ...log.evidence?.() });
        expect(evaluations.get('rows')?.decisions).toBe(compared.decisions);
        for (const by of [compared, ...compared.others]) {
          const theirs: ComparedPolicy = by.overall.policies[p];
          expect(verdict).toBe(theirs.verdict);
          expect(reasons.map(({ code }) => code)).toEqual(theirs.reasons.map(({ code }) => code));
          if (theirs.value === null || theirs.interval === null) continue;
          const { value, interval } = estimates[by.estimator];
          expect(Math.abs(value - theirs.value)).toBeLessThan(1e-9);
          // Other resamples of the same listeners.
          const [lower, upper] = [theirs.interval[0] ?? 0, theirs.interval[1] ?? 0];
          expect(Math.abs(interval.lower - lower)).toBeLessThan(0.15 * (upper - lower));
          expect(Math.abs(interval.upper - upper)).toBeLessThan(0.15 * (upper - lower));
        }
      }
      expect(compared.overall.policies[0].value).not.toBeNull();
    }
  }, 240_000);

  it('has what was earned for the policy that logged', async () => {
    const { overall } = await platform.comparePolicies({ policies: [{ policy: 'served' }], span: 'all' });
    for (const policies of [POLICIES, []]) {
      const own = join(newDir(), 'log.ope.jsonl');
      writeFileSync(own, (await written({ policies })).join('\n'));
      const log = await readEvaluationLog(own, { policy: 'served' });
      const { estimates } = await evaluateStudies(log.studies, { estimators: ['ipw', 'snipw'] });
      for (const { value } of Object.values(estimates))
        expect(Math.abs(value - overall.served.value)).toBeLessThan(1e-9);
    }
  }, 240_000);

  it('names nobody and nothing', async () => {
    const [header, ...rest] = lines.map((line) => JSON.parse(line) as EvaluationLogHeader | EvaluationLogDecision);
    expect((header as EvaluationLogHeader).policies.map(({ name }) => name)).toEqual(['cool', 'greedy']);
    const decision = rest[0] as EvaluationLogDecision;
    expect(Object.keys(decision).sort()).toEqual(['listener', 'places', 'policies', 'rows']);
    expect(rest.length - 1).toBeGreaterThan(3 * LISTENERS);
    expect(lines.some((line) => line.includes('"carried":true'))).toBe(true);
    const listeners = rest.slice(0, -1).map((one) => (one as EvaluationLogDecision).listener);
    expect(Math.max(...listeners)).toBe(LISTENERS - 1);
    for (const line of lines.slice(1)) expect(line).not.toMatch(/artist|"l\d|20\d\d-/);
  });

  it('is the same when it is written again, and refuses what there is not', async () => {
    expect(await written({ policies: POLICIES })).toEqual(lines);
    await expect(written({ policies: [{ policy: 'guess' }] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(written({ span: '1h' })).rejects.toMatchObject({ code: 'OPE_NO_DECISIONS' });
    await expect(written({ share: 2 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  }, 240_000);

  it('ends where whoever takes it fails or goes', async () => {
    const full = platform.exportEvaluationLog(
      { span: 'all' },
      {
        onLines: async () => {
          throw new Error('the disk is full');
        },
      },
    );
    await expect(full).rejects.toThrow('the disk is full');
    const stop = new AbortController();
    const gone = platform.exportEvaluationLog(
      { span: 'all' },
      { signal: stop.signal, onLines: async () => stop.abort(new Error('gone')) },
    );
    await expect(gone).rejects.toThrow('gone');
    expect((await written({})).length).toBe(lines.length);
  }, 240_000);
});
