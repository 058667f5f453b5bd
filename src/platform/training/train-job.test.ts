import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type ManualClock, MINUTE_MS, manualClock } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { dataDirPaths, type LogPosition, openEventLog } from '../../store/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import { DECISIONS, EVENTS, openWorkspace, type Workspace } from '../workspace.ts';
import { gatherExamples, TRAIN, TUNE, VALIDATE } from './examples.ts';
import { TRAINING_DEFAULTS } from './options.ts';
import type { ResolvedSpec, TrainingOptions } from './report.ts';
import { type TrainJob, trainJob } from './train-job.ts';
import { live, react } from './training-testing.ts';

const LOGISTIC: ResolvedSpec = { family: 'logistic', options: {}, ensemble: 1, calibration: 'none' };
const TRAINING: TrainingOptions = { ...TRAINING_DEFAULTS, historyBelow: 0, tuningShare: 0.25 };

async function endOf(dir: string): Promise<LogPosition> {
  const log = openEventLog({ dir });
  const end = log.durableEnd();
  await log.close();
  return end;
}

describe('a training job', () => {
  let clock: ManualClock;
  let workspace: Workspace;
  let job: TrainJob;
  /** Of a page that was decided and never rendered, though something of it was played. */
  let unrendered = '';

  beforeAll(async () => {
    const dir = await fittedDir();
    clock = manualClock(START_MS);
    const platform = await open(dir, clock, { home: { cardTemperature: 0.03, cardEpsilon: 0.2 } });
    await live(platform, clock, createRng(5), 10);
    const page = await home(platform, 'l3');
    unrendered = page.decisionId;
    const swallow = {
      ingest: (rows: readonly unknown[]) =>
        platform.ingest(rows.filter((row) => (row as { type: string }).type !== 'rendered')),
    };
    await react(swallow, 'l3', page, clock, createRng(6));
    clock.advance(30 * MINUTE_MS);
    const { catalog, counters, embedding, model } = platform.status().epochs;
    await platform.close();
    workspace = openWorkspace(dir, createEnding(createEndingMemory()));
    job = {
      spec: LOGISTIC,
      training: TRAINING,
      nowMs: clock.nowMs(),
      eventsEnd: await endOf(dataDirPaths(dir).log(EVENTS)),
      decisionsEnd: await endOf(dataDirPaths(dir).log(DECISIONS)),
      versions: { catalog, counters, embedding },
      servingHash: model,
      version: 'test',
    };
  }, 120_000);
  afterAll(async () => {
    await workspace.close();
    removeDirs();
  });

  const silent = (): void => {};
  const train = (spec: Partial<ResolvedSpec>, training: Partial<TrainingOptions> = {}) =>
    trainJob(
      workspace,
      { ...job, spec: { ...LOGISTIC, ...spec }, training: { ...TRAINING, ...training } },
      silent,
      () => 0,
    );
  const gather = (training: Partial<TrainingOptions> = {}) =>
    gatherExamples(workspace, { ...job, training: { ...TRAINING, ...training } }, silent);

  it('gives the same bytes for the same log and seed', async () => {
    // Passes over the rows go by the seed; the optimum, which few rows are learnt by, does not.
    const passes = { options: { learning: 'ftrl' } };
    const [one, two] = [await train(passes), await train(passes)];
    expect(sealEpoch(two.model).hash).toBe(sealEpoch(one.model).hash);
    expect(two.card).toEqual(one.card);
    expect(sealEpoch((await train(passes, { seed: 2 })).model).hash).not.toBe(sealEpoch(one.model).hash);
  });

  it('validates on the last decisions, and tunes on listeners whose rows it does not learn from', async () => {
    const set = await gather();
    const rows = (part: number): number => set.part.filter((own) => own === part).length;
    expect([rows(TRAIN), rows(TUNE), rows(VALIDATE)].every((count) => count > 50)).toBe(true);
    expect(rows(TRAIN) + rows(TUNE) + rows(VALIDATE)).toBe(set.rows);
    // In time: what validates comes after all that is learnt from.
    const first = set.part.indexOf(VALIDATE);
    expect(set.part.subarray(first).every((part) => part === VALIDATE)).toBe(true);
    const { names, codes } = set.slices['training'];
    for (let r = 0; r < set.rows; r++) if (set.part[r] === TUNE) expect(names[codes[r]]).toBe('unseen');
    for (let r = 0; r < set.rows; r++) if (set.part[r] === TRAIN) expect(names[codes[r]]).toBe('seen');
  });

  it('learns nothing from a page that nobody said was shown: only what earned would be known of it', async () => {
    const set = await gather();
    expect(unrendered).not.toBe('');
    expect(set.leftOut.unseen).toBe(1);
  });

  it('takes only final rewards where it is told to, and fewer rows, evenly by decision, where there are too many', async () => {
    const all = await gather();
    const matured = await gather({ matured: true });
    expect(matured.rows).toBeLessThan(all.rows);
    expect(matured.toMs).toBeLessThanOrEqual(job.nowMs - 24 * 3_600_000);
    const some = await gather({ maxRows: 1000 });
    expect(some.rows).toBeLessThanOrEqual(1000);
    expect(some.rows).toBeGreaterThan(200);
    // Every decision has one fate.
    const fates = ({ decisions, leftOut }: typeof all): number => decisions + leftOut.unseen + leftOut.sampled;
    expect(fates(some)).toBe(fates(all));
  });

  it('weighs what was rarely shown up, clipped and with a mean of 1; or all alike', async () => {
    const set = await gather({ weightClip: 4 });
    const sum = set.weights.reduce((total, weight) => total + weight, 0);
    expect(sum / set.rows).toBeCloseTo(1, 4);
    expect(set.clipped).toBeGreaterThan(0);
    expect(set.effectiveRows).toBeLessThan(set.rows);
    const alike = await gather({ weighting: 'none' });
    expect(new Set(alike.weights)).toEqual(new Set([1]));
    expect(alike.labels).toEqual(set.labels);
  });

  it('trains an ensemble, which learns on, and calibrates what then does not', async () => {
    const ensemble = await train({ ensemble: 3 });
    expect(ensemble.model.meta.family).toBe('ensemble');
    expect(ensemble.learner).toBeDefined();
    expect(ensemble.card.quality?.model.auc).toBeGreaterThan(0.65);
    const isotonic = await train({ calibration: 'isotonic' });
    expect(isotonic.model.meta.family).toBe('calibrated');
    expect(isotonic.learner).toBeUndefined();
    await expect(train({ calibration: 'platt' }, { tuningShare: 0 })).rejects.toThrow(/0 rows to calibrate on/);
  });

  it('adds rows of the listening history where decisions are few', async () => {
    const { card } = await train({}, { historyBelow: 1e6 });
    expect(card.lineage?.rows.history).toBeGreaterThan(100);
    expect(card.lineage?.decisions).toBeGreaterThan(50);
  });
});
