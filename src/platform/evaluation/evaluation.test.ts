import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, type ManualClock, manualClock, type Rng, type Seed } from '../../base/index.ts';
import { createDecider, inputOfRecord } from '../../home/index.ts';
import { samplePage } from '../../policy/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import { listenerKeys } from '../listeners.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import { pastDecisions } from '../training/examples.ts';
import { chanceOf, endOf, react } from '../training/training-testing.ts';
import { DECISIONS, EVENTS, openWorkspace } from '../workspace.ts';
import { newTotals } from './chunks.ts';
import type { ComparisonOptions, ComparisonReport } from './comparison.ts';
import { fittedFor, READING_DEFAULTS, readingOf } from './reading.ts';
import { DecisionOpener } from './weighing.ts';

const LISTENERS = 48;
const ROUNDS = 3;
/** What a card that is on the page earns, seen or not: less further down and to the right. */
const chance = (listenerId: string, itemId: string, shelfRank: number, cardRank: number): number =>
  chanceOf(listenerId, itemId) / (1 + shelfRank + 0.3 * cardRank);

const COOL = { name: 'cool', policy: 'plackett-luce', options: { cardTemperature: 0.04, shelfTemperature: 0.25 } };
const WARM = { name: 'warm', policy: 'plackett-luce', options: { cardTemperature: 0.15, shelfTemperature: 0.5 } };

let dir: string;
let clock: ManualClock;
let platform: Platform;

async function live(rng: Rng, policyId: 'plackett-luce' | 'greedy', rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let l = 0; l < LISTENERS; l++) {
      const page = await home(platform, `l${l}`, { policyId });
      await react(platform, `l${l}`, page, clock, rng, chance);
    }
    clock.advance(3 * HOUR_MS);
  }
}

beforeAll(async () => {
  dir = await fittedDir();
  clock = manualClock(START_MS);
  platform = await open(dir, clock);
  await live(createRng(11), 'plackett-luce', ROUNDS);
  clock.advance(DAY_MS);
}, 240_000);

afterAll(async () => {
  await platform.close();
  removeDirs();
});

const compare = (request: Partial<ComparisonOptions>): Promise<ComparisonReport> =>
  platform.comparePolicies({ span: 'all', resamples: 200, ...request });

function policyOf(report: ComparisonReport, name: string) {
  const found = report.overall.policies.find((policy) => policy.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** What pages of a policy earn in expectation on the logged decisions, by drawing them anew. */
async function truthOf(changed: Record<string, number>): Promise<number> {
  const workspace = openWorkspace(dir, createEnding(createEndingMemory()));
  const { items } = workspace.vocabularies();
  const opener = new DecisionOpener(workspace, newTotals(0).left);
  const decider = createDecider(workspace.encoder);
  const rng = createRng(3);
  const names = new Map<string, string>();
  for (const { id, key } of listenerKeys(workspace.store)) names.set(key, id);
  let sum = 0;
  let pages = 0;
  const span = { fromMs: 0, toMs: START_MS + ROUNDS * 3 * HOUR_MS };
  for await (const record of pastDecisions(workspace, await endOf(dir, DECISIONS), span)) {
    const opened = opener.open(record);
    if (opened === undefined) continue;
    const input = inputOfRecord(record, opened.view, opened.epochs);
    const { problem, policy } = decider.prepare({ ...input, tunables: { ...input.tunables, ...changed } });
    for (let k = 0; k < 6; k++) {
      const seed: Seed = Uint32Array.from({ length: 4 }, () => rng.uint32());
      for (const [r, row] of samplePage(problem, policy, seed).rows.entries()) {
        for (const [j, card] of row.cards.entries()) {
          sum += chance(
            names.get(record.listenerKey) ?? '',
            items.name(problem.shelves[row.shelf].items[card.index]),
            r,
            j,
          );
        }
      }
      pages++;
    }
  }
  await workspace.close();
  return sum / pages;
}

/** By how many decisions it is planned on how many of them something is drawn. */
async function evaluable(): Promise<number | undefined> {
  const workspace = openWorkspace(dir, createEnding(createEndingMemory()));
  const [decisionsEnd, eventsEnd] = [await endOf(dir, DECISIONS), await endOf(dir, EVENTS)];
  let catalogHash = '';
  for await (const { versions } of pastDecisions(workspace, decisionsEnd, { fromMs: 0, toMs: clock.nowMs() }))
    catalogHash = versions.catalog;
  const options = { ...READING_DEFAULTS, span: 'all' };
  const read = readingOf(workspace, { options, nowMs: clock.nowMs(), eventsEnd, decisionsEnd, catalogHash });
  const fitted = await fittedFor(workspace, options, read, () => undefined);
  await workspace.close();
  return fitted?.decisions;
}

describe('policies compared on the decisions of a platform', () => {
  it('gives what served its own value, and no lift over itself', async () => {
    const report = await compare({ policies: [{ policy: 'served' }, { name: 'again', policy: 'plackett-luce' }] });
    expect(report.decisions).toBe(LISTENERS * ROUNDS);
    expect(report.listeners).toBe(LISTENERS);
    const served = policyOf(report, 'served');
    expect(served.value).toBe(report.overall.served.value);
    expect(served.liftOverServed?.value).toBe(0);
    // The very policy that logged, named anew.
    const again = policyOf(report, 'again');
    expect(again.weights).toMatchObject({ essShare: 1, meanWeight: 1, differing: 0, missing: 0 });
    expect(again.liftOverServed).toEqual({ value: 0, interval: [0, 0] });
  }, 240_000);

  it('finds what other policies would have earned, where the truth is known', async () => {
    for (const [target, changed] of [
      [COOL, COOL.options],
      [WARM, WARM.options],
    ] as const) {
      const truth = await truthOf(changed);
      for (const estimator of ['dr', 'snipw']) {
        const { value, interval, weights } = policyOf(
          await compare({ policies: [target], estimators: [estimator] }),
          target.name,
        );
        if (value === null || interval === null) throw new Error('refused');
        const halfWidth = ((interval[1] ?? 0) - (interval[0] ?? 0)) / 2;
        expect(Math.abs(value - truth)).toBeLessThan(2 * halfWidth + 0.02 * truth);
        expect(weights.differing).toBeGreaterThan(0.5);
      }
    }
  }, 240_000);

  it('tells slices apart, whose decisions add up', async () => {
    const { slices, decisions } = await compare({ policies: [COOL], by: ['listener', 'dayPart'] });
    for (const dimension of ['listener', 'dayPart']) {
      const own = slices.filter((slice) => slice.dimension === dimension);
      expect(own.length).toBeGreaterThan(1);
      expect(own.reduce((sum, slice) => sum + slice.decisions, 0)).toBe(decisions);
    }
    expect(slices.map(({ name }) => name)).toEqual(expect.arrayContaining(['new', 'known']));
  }, 240_000);

  it('lets SLOPE choose the rung, and each weight says what it stands on', async () => {
    const report = await compare({ policies: [COOL, WARM], rung: 'slope', estimators: ['ipw'], rewardModel: 'none' });
    expect(report.rewardModel).toBeNull();
    for (const { rung } of report.overall.policies) expect(['prefix', 'above', 'row', 'item']).toContain(rung);
    const item = policyOf(await compare({ policies: [WARM], rung: 'item' }), 'warm');
    const prefix = policyOf(await compare({ policies: [WARM], rung: 'prefix' }), 'warm');
    expect(item.essShare).toBeGreaterThan(prefix.essShare);
    expect(prefix.weights.pageEssShare).toBeGreaterThan(0);
  }, 240_000);

  it('takes a reward model that was fitted on other listeners, or that of the log', async () => {
    const fitted = await compare({ policies: [COOL] });
    expect(fitted.rewardModel).toMatchObject({ kind: 'cross-fitted', family: 'logistic' });
    expect(fitted.rewardModel?.rows).toBeGreaterThan(500);
    const logged = await compare({ policies: [COOL], rewardModel: 'logged' });
    const plain = await compare({ policies: [COOL], estimators: ['ipw'], rewardModel: 'none' });
    // Without what the rung takes for granted, which only a model can tell.
    const width = (report: ComparisonReport): number => {
      const { liftOverServed, assumptionCost } = policyOf(report, 'cool');
      const [lower, upper] = (liftOverServed?.interval ?? [0, 0]).map((end) => end ?? 0);
      const [least, most] = (assumptionCost?.interval ?? [0, 0]).map((end) => end ?? 0);
      return upper - lower - (Math.max(0, most) - Math.min(0, least)) / report.overall.served.value;
    };
    // Draws are new in every run: most of the time it is far less.
    expect(width(fitted)).toBeLessThan(1.15 * width(plain));
    expect(width(logged)).toBeLessThan(1.15 * width(plain));
    expect(policyOf(plain, 'cool').assumptionCost).toBeNull();
  }, 240_000);

  it('says what a rung takes for granted, and makes lifts wide enough for it', async () => {
    const policies = [COOL, WARM, { name: 'again', policy: 'plackett-luce' }];
    const above = await compare({ policies });
    const prefix = await compare({ policies, rung: 'prefix' });
    for (const { name } of policies) {
      expect(policyOf(prefix, name).assumptionCost).toEqual({ value: 0, interval: [0, 0] });
    }
    expect(policyOf(above, 'again').assumptionCost).toEqual({ value: 0, interval: [0, 0] });
    const { assumptionCost, liftOverServed, differenceToServed } = policyOf(above, 'warm');
    const [least, most] = (assumptionCost?.interval ?? []).map((end) => end ?? 0);
    expect(most - least).toBeGreaterThan(0);
    // Truth plus cost is what is estimated: each end may be off by it, besides what resamples say.
    const [lower, upper] = (differenceToServed?.interval ?? []).map((end) => end ?? 0);
    const { value } = differenceToServed ?? { value: 0 };
    expect(lower).toBeLessThan(value - Math.max(0, most));
    expect(upper).toBeGreaterThan(value - Math.min(0, least));
    expect(liftOverServed?.interval[0]).toBeCloseTo(lower / above.overall.served.value, 1);
  }, 240_000);

  it('measures it whatever the estimators, and nothing at `prefix` even without a model', async () => {
    const policies = [WARM, { policy: 'served' }];
    const alone = await compare({ policies, estimators: ['ipw'], by: ['listener'] });
    const beside = await compare({ policies, estimators: ['ipw', 'dr'] });
    expect(policyOf(alone, 'warm').assumptionCost).not.toBeNull();
    expect(policyOf(alone, 'warm')).toEqual(policyOf(beside, 'warm'));
    // In slices, by what these earn.
    const { overall, slices } = alone;
    const shareOf = ({ served, policies: [warm] }: typeof overall) => (warm.assumptionCost?.value ?? 0) / served.value;
    expect(new Set(slices.map(({ served }) => served.value)).size).toBeGreaterThan(1);
    const answered = slices.filter(({ policies: [{ rung }] }) => rung === overall.policies[0].rung);
    for (const slice of answered) expect(shareOf(slice)).toBeCloseTo(shareOf(overall), 12);
    const plain = await compare({ policies, estimators: ['ipw'], rewardModel: 'none', rung: 'prefix' });
    expect(policyOf(plain, 'warm').assumptionCost).toEqual({ value: 0, interval: [0, 0] });
    expect(policyOf(plain, 'served').assumptionCost).toBeNull();
  }, 240_000);

  it('gives the same figures for the same seed', async () => {
    const request = { policies: [WARM], by: ['tier'] as const };
    const { seconds: _a, ...one } = await compare(request);
    const { seconds: _b, ...two } = await compare(request);
    expect(two).toEqual(one);
  }, 240_000);

  it('refuses what there is not, and needs what the log cannot give', async () => {
    const refuses = (request: Partial<ComparisonOptions>, code: string) =>
      expect(compare(request)).rejects.toMatchObject({ code });
    await refuses({ policies: [] }, 'OPTION_INVALID');
    await refuses({ policies: [{ policy: 'guess' }] }, 'OPTION_INVALID');
    await refuses({ policies: [{ policy: 'greedy' }, { policy: 'greedy' }] }, 'OPTION_INVALID');
    await refuses({ policies: [{ policy: 'softmax', options: { colour: 1 } }] }, 'OPTION_INVALID');
    await refuses({ policies: [COOL], estimators: ['magic'] }, 'OPTION_INVALID');
    await refuses({ policies: [COOL], estimators: ['dr'], rewardModel: 'none' }, 'OPTION_INVALID');
    await refuses({ policies: [COOL], estimators: ['ipw', 'mrdr'] }, 'OPTION_INVALID');
    await refuses({ policies: [COOL], estimators: ['cross-fitted-dr'], rewardModel: 'logged' }, 'OPTION_INVALID');
    await refuses({ policies: [COOL], span: '1h' }, 'OPE_NO_DECISIONS');
    await refuses({ policies: [{ ...COOL, model: 'f'.repeat(32) }] }, 'EPOCH_NOT_FOUND');
    await refuses({ policies: [{ policy: 'bootstrap-thompson' }] }, 'POLICY_EVIDENCE');
  }, 240_000);

  it('ends where its caller does', async () => {
    const stop = new AbortController();
    const stages: string[] = [];
    const running = platform.comparePolicies(
      { policies: [COOL], span: 'all' },
      {
        signal: stop.signal,
        onProgress: (stage) => {
          stages.push(stage);
          stop.abort(new Error('enough'));
        },
      },
    );
    await expect(running).rejects.toThrow('enough');
    expect(stages.length).toBeGreaterThan(0);
    expect((await compare({ policies: [COOL] })).decisions).toBe(LISTENERS * ROUNDS);
  }, 240_000);

  it('leaves out what is no evidence, and says how much', async () => {
    await home(platform, 'l1');
    clock.advance(2 * DAY_MS);
    await live(createRng(5), 'plackett-luce', 1);
    const { decisions, leftOut } = await compare({ policies: [COOL] });
    expect(decisions).toBe(LISTENERS * ROUNDS);
    expect(leftOut).toMatchObject({ unrendered: 1, immature: LISTENERS, unequal: 0, unreadable: 0 });
    expect(await evaluable()).toBe(LISTENERS * ROUNDS);
  }, 240_000);

  it('refuses to say what a policy would earn where the log had no chance of showing what it does', async () => {
    const fromMs = clock.nowMs();
    await live(createRng(7), 'greedy', 2);
    clock.advance(2 * DAY_MS);
    const span = `${new Date(fromMs).toISOString()}..`;
    const report = await compare({ policies: [{ policy: 'uniform' }, { policy: 'served' }], span });
    const uniform = policyOf(report, 'uniform');
    expect(uniform).toMatchObject({ verdict: 'refused', value: null, interval: null, liftOverServed: null });
    expect(uniform.reasons.map(({ code }) => code)).toContain('MISSING_MASS');
    expect(uniform.weights.missing).toBeGreaterThan(0.5);
    expect(policyOf(report, 'served').verdict).not.toBe('refused');
  }, 240_000);
});
