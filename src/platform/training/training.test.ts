import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type ManualClock, manualClock, type ShelfwiseError } from '../../base/index.ts';
import { dataDirPaths, openEpochStore } from '../../store/index.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import type { TrainedModel } from './report.ts';
import { live } from './training-testing.ts';

describe('training from logs', () => {
  let dir: string;
  let clock: ManualClock;
  let platform: Platform;
  let trained: TrainedModel;
  const stages = new Set<string>();

  beforeAll(async () => {
    dir = await fittedDir();
    clock = manualClock(START_MS);
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
    await live(platform, clock, createRng(11), 24);
    trained = await platform.trainModel(
      { family: 'logistic', historyBelow: 0, tuningShare: 0.2 },
      { onProgress: (stage) => void stages.add(stage) },
    );
  }, 120_000);
  afterAll(async () => {
    await platform.close();
    removeDirs();
  });

  it('learns what listeners like: better than the constant rate by every measure, on days it has not seen', () => {
    const { quality, lineage } = trained;
    expect(lineage?.rows.validate).toBeGreaterThan(300);
    expect(quality?.model.auc).toBeGreaterThan(0.7);
    expect(quality?.constant.auc).toBeCloseTo(0.5, 10);
    expect(quality?.model.logLoss).toBeLessThan((quality?.constant.logLoss ?? 0) - 0.02);
    expect(quality?.model.ndcg).toBeGreaterThan((quality?.constant.ndcg ?? 0) + 0.05);
    expect(quality?.model.ece).toBeLessThan(0.1);
    // The model of the history that serves has never heard of shelves or of what was not played.
    expect(quality?.serving?.logLoss).toBeGreaterThan(quality?.model.logLoss ?? 1);
  });

  it('tells of every slice that there is, and their rows add up to all', () => {
    const rows = (slice: string) =>
      trained.slices.filter((one) => one.slice === slice).reduce((n, one) => n + one.rows, 0);
    for (const slice of ['tier', 'market', 'device', 'listener', 'shelf', 'training', 'source'])
      expect([slice, rows(slice)]).toEqual([slice, trained.lineage?.rows.validate]);
    expect(trained.slices.filter(({ slice }) => slice === 'training').map(({ of }) => of)).toEqual(['seen', 'unseen']);
    expect(trained.reliability).toHaveLength(10);
    expect(trained.importance[0].contribution).toBeGreaterThan(0.05);
  });

  it('keeps what it was made of', async () => {
    expect(trained.lineage).toMatchObject({
      spec: { family: 'logistic', options: {}, ensemble: 1, calibration: 'none' },
      training: { weighting: 'uniform', seed: 1, examples: '90d' },
      leftOut: { degraded: 0, otherEncoder: 0, unreadable: 0, sampled: 0 },
    });
    expect(stages).toEqual(new Set(['rewards', 'features', 'fit', 'measure']));
    const models = await platform.listModels();
    expect(models.map(({ hash, origin, serves }) => ({ hash, origin, serves }))).toEqual([
      { hash: expect.any(String), origin: 'history', serves: true },
      { hash: trained.hash, origin: 'trained', serves: false },
    ]);
  });

  it('serves what is promoted, learns on from it, and goes back with all it knew', async () => {
    const before = (await platform.listModels()).find(({ serves }) => serves)?.hash;
    expect(await platform.promoteModel(trained.hash)).toEqual({
      hash: trained.hash,
      family: 'logistic',
      before,
      learnsOnline: true,
    });
    const page = await home(platform, 'l1');
    expect(await platform.decision(page.decisionId)).toMatchObject({ versions: { model: trained.hash } });
    expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({ equal: true });
    expect(await platform.getModel(trained.hash)).toMatchObject({ serves: true, usable: true });

    await platform.learn();
    const [online] = await platform.listModels();
    expect(online).toMatchObject({ origin: 'online', parent: trained.hash, serves: true, learnsOnline: true });

    expect(await platform.rollbackModel()).toMatchObject({ hash: before, before: online.hash });
    const [now] = await platform.listModels();
    expect(now).toMatchObject({ hash: before, origin: 'history', parent: '' });
    await expect(platform.rollbackModel()).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('keeps a promoted model over a fit and a restart', async () => {
    await platform.promoteModel(trained.hash);
    await platform.fit({});
    await platform.close();
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
    const [serving] = (await platform.listModels()).filter(({ serves }) => serves);
    // The fit credits what decisions have taught before it keeps it.
    expect([serving.hash, serving.parent]).toContain(trained.hash);
    await platform.rollbackModel();
  });

  it('does not serve a model that the policy cannot draw with', async () => {
    await platform.close();
    platform = await open(dir, clock, { home: { policy: 'bootstrap-thompson' } });
    const before = (await platform.listModels()).find(({ serves }) => serves)?.hash;
    await expect(platform.promoteModel(trained.hash)).rejects.toMatchObject({ code: 'POLICY_EVIDENCE' });
    expect((await platform.listModels()).find(({ serves }) => serves)?.hash).toBe(before);
    await platform.close();
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
  });

  it('serves a calibrated model as it is, without learning on', async () => {
    const calibrated = await platform.trainModel({
      family: 'logistic',
      calibration: 'platt',
      historyBelow: 0,
      tuningShare: 0.3,
      promote: true,
    });
    expect(calibrated).toMatchObject({ promoted: true, serves: true, learnsOnline: false, family: 'calibrated' });
    const page = await home(platform, 'l2');
    await platform.learn();
    expect((await platform.listModels()).find(({ serves }) => serves)?.hash).toBe(calibrated.hash);
    expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({ equal: true });
    await platform.rollbackModel();
  });

  it('is one at a time, refuses what it does not know, and leaves nothing when it is stopped', async () => {
    const models = await platform.listModels();
    const files = openEpochStore({ dir: dataDirPaths(dir).epochs }).list();
    const stop = new AbortController();
    const first = platform.trainModel(
      { family: 'logistic', historyBelow: 0, options: { epochs: 5000 } },
      { signal: stop.signal, onProgress: (stage) => stage === 'fit' && stop.abort(new Error('enough')) },
    );
    await expect(platform.trainModel({ family: 'logistic' })).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await expect(first).rejects.toThrow('enough');
    const refused = async (request: object): Promise<string> =>
      platform.trainModel({ family: 'logistic', ...request }).then(
        () => '',
        (error: ShelfwiseError) => error.message,
      );
    expect(await refused({ family: 'oracle' })).toMatch(/there is no family "oracle"; there are logistic/);
    expect(await refused({ options: { depth: 3 } })).toMatch(/no option "depth"/);
    expect(await refused({ examples: 'yesterday' })).toMatch(/examples is "yesterday"/);
    expect(await refused({ weightClip: 0.5 })).toMatch(/weightClip is 0.5/);
    expect(await refused({ examples: '2020-01-01..2020-01-02', historyBelow: 0 })).toMatch(/0 rows to learn from/);
    expect(await platform.listModels()).toEqual(models);
    expect(openEpochStore({ dir: dataDirPaths(dir).epochs }).list()).toEqual(files);
  });

  it('keeps registered models when epochs are collected, until they are as old as decisions may be', async () => {
    await platform.collectEpochs();
    clock.advance(3 * 3600_000);
    await platform.collectEpochs();
    expect((await platform.listModels()).map(({ hash }) => hash)).toContain(trained.hash);
    await platform.promoteModel(trained.hash);
    await platform.rollbackModel();
    clock.advance(91 * 86_400_000);
    await platform.collectEpochs();
    expect((await platform.listModels()).map(({ hash }) => hash)).not.toContain(trained.hash);
  });
});
