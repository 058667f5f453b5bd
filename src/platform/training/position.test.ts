import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type ManualClock, manualClock } from '../../base/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import { DECISIONS, EVENTS, openWorkspace, type Workspace } from '../workspace.ts';
import { requirePosition, resolveSpec, TRAINING_DEFAULTS } from './options.ts';
import type { PositionId, ResolvedSpec, TrainedModel, TrainingOptions } from './report.ts';
import { type NewModel, type TrainJob, trainJob } from './train-job.ts';
import { type Chance, endOf, live, popularAlone } from './training-testing.ts';

/** Passes over the rows: quicker than the optimum that so few rows are given otherwise. */
const PASSES = { learning: 'online', epochs: 3 };
const LOGISTIC: ResolvedSpec = { family: 'logistic', options: PASSES, ensemble: 1, calibration: 'none' };
const TRAINING: TrainingOptions = { ...TRAINING_DEFAULTS, historyBelow: 0, weighting: 'none' };

/** How likely a card of a row that was seen is looked at. */
const LOOKED_AT = [1, 0.7, 0.5, 0.35, 0.25, 0.18, 0.13, 0.1, 0.08, 0.06];
/** What one half of the artists earned once, and the other half; and what they earn since tastes have changed. */
const ONCE = [0.5, 0.05];
const SINCE = [0.12, 0.3];
const halfOf = (itemId: string): number => Number(itemId.replace(/\D/g, '')) % 2;
const once: Chance = (_listenerId, itemId) => ONCE[halfOf(itemId)];
const since: Chance = (_listenerId, itemId) => SINCE[halfOf(itemId)];
/** The policy goes by what was: what it sets first is liked least, and looked at most. */
const biased: Chance = (listenerId, itemId, shelfRank, cardRank) =>
  since(listenerId, itemId, shelfRank, cardRank) * LOOKED_AT[cardRank];

/** How well places are told from relevance is tested where the world is seeded, in `models/position`: pages of a platform are drawn anew. */
describe('training on choices that were made where a policy had set cards', () => {
  let clock: ManualClock;
  let platform: Platform;
  let workspace: Workspace;
  let job: TrainJob;
  let naive: NewModel;
  let aware: NewModel;
  let joint: NewModel;
  /** What the policy goes by; of pages of which all was looked at. */
  let registered: TrainedModel;

  const silent = (): void => {};
  const train = (position: PositionId, spec: Partial<ResolvedSpec> = {}): Promise<NewModel> =>
    trainJob(
      workspace,
      { ...job, spec: { ...LOGISTIC, ...spec }, training: { ...job.training, position } },
      silent,
      () => 0,
    );
  beforeAll(async () => {
    const dir = await fittedDir();
    clock = manualClock(START_MS);
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
    await popularAlone(platform);
    await live(platform, clock, createRng(4), 5, once);
    registered = await platform.trainModel({ family: 'logistic', options: PASSES, position: 'pal', promote: true });
    await platform.close();
    const changedAt = clock.nowMs();
    platform = await open(dir, clock, {
      // All candidates of a row have room in it, so that only their order is the policy's.
      home: { cardTemperature: 0.15, cardEpsilon: 0.1, coldStartTastes: 0, candidatesPerShelf: 10 },
    });
    await live(platform, clock, createRng(5), 24, biased);
    const judgedFrom = clock.nowMs();
    await platform.close();
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
    await platform.flush();
    const spanOf = (fromMs: number, toMs: number): string =>
      `${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
    workspace = openWorkspace(dir, createEnding(createEndingMemory()));
    const { catalog, counters, embedding, model } = platform.status().epochs;
    job = {
      spec: LOGISTIC,
      training: { ...TRAINING, examples: spanOf(changedAt, judgedFrom) },
      nowMs: clock.nowMs(),
      eventsEnd: await endOf(dir, EVENTS),
      decisionsEnd: await endOf(dir, DECISIONS),
      versions: { catalog, counters, embedding },
      servingHash: model,
      version: 'test',
    };
    naive = await train('none');
    aware = await train('regression-em');
    joint = await train('pal');
  }, 300_000);
  afterAll(async () => {
    await workspace.close();
    await platform.close();
    removeDirs();
  });

  it('tells which way it was, and what it has learnt of places: lower ones are looked at less', () => {
    const { lineage } = aware.card;
    expect(lineage?.training.position).toBe('regression-em');
    const { card = [] } = lineage?.examination?.['desktop'] ?? {};
    expect(card[0]).toBe(1);
    expect(card[card.length - 1]).toBeLessThan(0.5);
    expect(naive.card.lineage).toMatchObject({ training: { position: 'none' }, examination: null });
  });

  it('is registered with its way, serves as it is, and does not learn the places again', async () => {
    expect(registered).toMatchObject({ serves: true, learnsOnline: false, lineage: { training: { position: 'pal' } } });
    expect(registered.lineage?.examination?.['desktop'].card[0]).toBe(1);
    expect(joint.card.lineage?.training.position).toBe('pal');
    expect([aware.learner, joint.learner]).toEqual([undefined, undefined]);
    await platform.learn();
    expect((await platform.getModel(registered.hash))?.serves).toBe(true);
  });

  it('scores a card alike at whatever rank it stands', async () => {
    const scores = new Map<string, Map<string, Set<number>>>();
    const ranks = new Map<string, Set<string>>();
    for (let draw = 0; draw < 16; draw++) {
      const page = await home(platform, 'l4', { explain: true, policyId: 'uniform' });
      for (const [shelfRank, shelf] of page.shelves.entries()) {
        for (const [cardRank, card] of shelf.cards.entries()) {
          const name = `${shelf.id} ${card.id}`;
          const { score } = (card as unknown as { explain: { score: number } }).explain;
          const byShelf = scores.get(shelf.id) ?? new Map<string, Set<number>>();
          scores.set(shelf.id, byShelf);
          byShelf.set(card.id, (byShelf.get(card.id) ?? new Set()).add(score));
          ranks.set(name, (ranks.get(name) ?? new Set()).add(`${shelfRank} ${cardRank}`));
        }
      }
    }
    expect([...ranks.values()].filter((places) => places.size > 1).length).toBeGreaterThan(0);
    for (const byCard of scores.values()) for (const own of byCard.values()) expect(own.size).toBe(1);
  });

  it('does so for families that do not learn online, calibrated or in an ensemble', async () => {
    const trees = await train('regression-em', {
      family: 'trees',
      options: { trees: 10, maxDepth: 3 },
      calibration: 'platt',
    });
    expect(trees.model.meta.family).toBe('calibrated');
    expect(trees.card.lineage?.examination?.['desktop'].card[0]).toBe(1);
  });

  it('refuses what no family of its kind can, with what can', () => {
    const { encoder } = workspace;
    const refuse = (position: PositionId, family: string) => () =>
      requirePosition(position, resolveSpec({ family }, encoder), encoder);
    expect(refuse('pal', 'trees')).toThrow(
      /position is "pal"; trees does not learn online, so it must be regression-em/,
    );
    expect(refuse('regression-em', 'linear')).toThrow(/linear gives a value and no probability, so it must be none/);
    for (const family of ['logistic', 'fm', 'network']) expect(refuse('pal', family)).not.toThrow();
    expect(refuse('regression-em', 'trees')).not.toThrow();
    expect(refuse('none', 'linear')).not.toThrow();
  });
});
