import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type ManualClock, manualClock } from '../../base/index.ts';
import { decodeListenerView } from '../../domain/index.ts';
import { createDecider, DEFAULT_TUNABLES } from '../../home/index.ts';
import { dataDirPaths, openEpochStore } from '../../store/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import { createEpochReader } from '../epochs.ts';
import { secretOfKey } from '../listeners.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import { openView } from '../sealing.ts';
import { DECISIONS, EVENTS, openWorkspace } from '../workspace.ts';
import { createPlaceWalk } from './drawn-places.ts';
import { examinationJob, resolveExamination } from './examination.ts';
import type { ExaminationCurve, ExaminationMethod, ExaminationReport } from './examination-report.ts';
import { pastDecisions } from './examples.ts';
import { type Chance, endOf, live, popularAlone } from './training-testing.ts';

/** How likely a card of a row that was seen is looked at. */
const LOOKED_AT = [1, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35];
/** Everybody likes one half of the artists, which the policy sets first. */
const liked: Chance = (_listenerId, itemId) => (Number(itemId.replace(/\D/g, '')) % 2 === 0 ? 0.9 : 0.5);
const biased: Chance = (listenerId, itemId, shelfRank, cardRank) =>
  liked(listenerId, itemId, shelfRank, cardRank) * LOOKED_AT[cardRank];
/** All candidates of a row have room in it, so that only their order is the policy's. */
const EXPLORING = { cardTemperature: 0.15, cardEpsilon: 0.1, coldStartTastes: 0, candidatesPerShelf: 10 };

describe('examination', () => {
  let dir: string;
  let clock: ManualClock;
  let platform: Platform;
  /** When the policy began to go by what is liked. */
  let since = 0;
  const stages = new Set<string>();
  /** In this thread, what the platform has done in one of its own. */
  const examine = async (
    method: ExaminationMethod,
    examples = `${new Date(since).toISOString()}..`,
  ): Promise<ExaminationReport> => {
    await platform.flush();
    const workspace = openWorkspace(dir, createEnding(createEndingMemory()));
    try {
      const job = {
        options: resolveExamination({ method, examples }),
        nowMs: clock.nowMs(),
        eventsEnd: await endOf(dir, EVENTS),
        decisionsEnd: await endOf(dir, DECISIONS),
        catalogHash: platform.status().epochs['catalog'],
      };
      return await examinationJob(
        workspace,
        job,
        () => {},
        () => 0,
      );
    } finally {
      await workspace.close();
    }
  };
  const estimate = (method: ExaminationMethod): Promise<ExaminationReport> =>
    platform.estimateExamination(
      { method, examples: `${new Date(since).toISOString()}..` },
      { onProgress: (stage) => void stages.add(stage) },
    );
  const cardOf = (report: ExaminationReport): ExaminationCurve => {
    const desktop = report.surfaces.find(({ surface }) => surface === 'desktop');
    if (desktop === undefined) throw new Error('no estimate');
    return desktop.card;
  };
  const errorOf = ({ ranks }: ExaminationCurve, which: 'naive' | 'examination'): number =>
    Math.max(...ranks.map((rank) => Math.abs((rank[which] ?? 1) - LOOKED_AT[rank.rank])));

  beforeAll(async () => {
    dir = await fittedDir();
    clock = manualClock(START_MS);
    platform = await open(dir, clock, { home: { policy: 'uniform' } });
    await popularAlone(platform);
    await live(platform, clock, createRng(4), 5, liked);
    const believed = { family: 'logistic', options: { learning: 'online', epochs: 3 }, historyBelow: 0 } as const;
    await platform.trainModel({ ...believed, promote: true });
    await platform.close();
    since = clock.nowMs();
    platform = await open(dir, clock, { home: EXPLORING });
    await live(platform, clock, createRng(5), 40, biased);
  }, 300_000);
  afterAll(async () => {
    await platform.close();
    removeDirs();
  });

  it('is found by card rank where the policy sets first what is liked, and click rates fall too steeply', async () => {
    const report = await estimate('position-based');
    const card = cardOf(report);
    expect(report.pages).toBe(480);
    expect(errorOf(card, 'examination')).toBeLessThan(0.1);
    expect(errorOf(card, 'examination')).toBeLessThan(errorOf(card, 'naive'));
    expect(stages).toEqual(new Set(['rewards', 'places', 'estimate']));
  }, 60_000);

  it('is found by propensities that are those of the draw, along the page', async () => {
    const report = await examine('harvest');
    expect(errorOf(cardOf(report), 'examination')).toBeLessThan(0.15);
    expect(report.leftOut).toMatchObject({ unreadable: 0, otherEncoder: 0 });
  }, 60_000);

  it('has no curve of shelves where rows are walked along', async () => {
    const { surfaces, method } = await examine('dcm');
    expect(method).toBe('dcm');
    expect(surfaces.map(({ shelf }) => shelf)).toEqual([null]);
    expect(surfaces[0].card.ranks[0].examination).toBe(1);
  }, 60_000);

  it('says what it may be trusted with, and gives the configuration only that', async () => {
    const all = await examine('position-based');
    const poor = cardOf(all).ranks.filter(({ clicks }) => clicks < 100).length;
    expect(cardOf(all).trusted).toBe(poor === 0);
    const few = await examine('position-based', '12h');
    const card = cardOf(few);
    expect(card.trusted).toBe(false);
    expect(card.doubts.join()).toMatch(/fewer than 100 choices at card rank/);
    expect(few).toMatchObject({ trusted: false, configuration: {} });
    // The tunable takes what is given: in (0, 1], the greatest 1.
    for (const { examination } of Object.values(all.configuration)) {
      expect(Math.max(...examination)).toBe(1);
      expect(Math.min(...examination)).toBeGreaterThan(0);
    }
  }, 60_000);

  it('serves as the tunable that it is written into, in every record, and replays', async () => {
    const before = platform.status().epochs.tunables;
    const { surfaces } = DEFAULT_TUNABLES;
    await platform.close();
    const examination = [1, 0.5, 0.25];
    platform = await open(dir, clock, {
      home: { ...EXPLORING, surfaces: { ...surfaces, desktop: { ...surfaces.desktop, examination } } },
    });
    const page = await home(platform, 'l1');
    const { versions } = (await platform.decision(page.decisionId)) as { versions: { tunables: string } };
    expect(versions.tunables).not.toBe(before);
    expect(openEpochStore({ dir: dataDirPaths(dir).epochs }).get(versions.tunables).meta).toMatchObject({
      home: { surfaces: { desktop: { examination } } },
    });
    expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({ equal: true });
    const [, older] = await platform.recentDecisions(2);
    expect(await platform.replay(older, { verify: true })).toMatchObject({ equal: true, recomputed: true });
  }, 60_000);

  it('is refused, with what to do, where nothing was chosen, and what it does not know', async () => {
    const refused = (request: object): Promise<unknown> => platform.estimateExamination(request);
    await expect(refused({ examples: '2020-01-01..2020-01-02' })).rejects.toMatchObject({
      code: 'EXAMPLES_INVALID',
      message: expect.stringMatching(/0 pages of 2020-01-01..2020-01-02 .* serve Homes with `rendered`/),
    });
    expect(() => resolveExamination({ examples: 'yesterday' })).toThrow(/examination: examples is "yesterday"/);
    expect(() => resolveExamination({ method: 'guess' as never })).toThrow(/method is guess; it must be one of/);
  }, 60_000);

  it('is told at one time, and stops when its caller does', async () => {
    const stop = new AbortController();
    const first = platform.estimateExamination(
      {},
      { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) },
    );
    await expect(platform.trainModel({ family: 'logistic' })).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await expect(first).rejects.toThrow('enough');
  }, 60_000);
});

describe('the propensity of standing at a place', () => {
  it('is no greater than that of the last draw, equal to it at the first, and 0 where nothing was drawn', async () => {
    const dir = await fittedDir();
    const clock = manualClock(START_MS);
    const platform = await open(dir, clock, { home: EXPLORING });
    for (let l = 0; l < 6; l++) await home(platform, `l${l}`);
    await platform.close();
    const workspace = openWorkspace(dir, createEnding(createEndingMemory()));
    const walk = createPlaceWalk(createDecider(workspace.encoder));
    const epochs = createEpochReader(workspace.epochs, workspace.encoder);
    let walked = 0;
    const end = await endOf(dir, DECISIONS);
    for await (const record of pastDecisions(workspace, end, { fromMs: 0, toMs: Number.POSITIVE_INFINITY })) {
      const secret = secretOfKey(workspace.store, record.listenerKey);
      const sealed = secret === undefined ? undefined : openView(record, secret);
      if (sealed === undefined) throw new Error('sealed');
      const places = walk(record, decodeListenerView(sealed), epochs(record.versions));
      if (places === undefined) throw new Error('not walked');
      let isFirst = true;
      for (const [r, row] of record.rows.entries()) {
        for (const [j, card] of row.cards.entries()) {
          const p = places.cards[r][j];
          if (card.forced) expect(p).toBe(0);
          else {
            expect(p).toBeGreaterThan(0);
            expect(p).toBeLessThanOrEqual(card.propensity);
            if (isFirst) expect(p).toBe(card.propensity);
            if (j > 0 && !row.cards[0].forced) expect(p).toBeLessThan(card.propensity);
            isFirst = false;
            walked++;
          }
          const ofBoth = places.shelves[r][j];
          if (row.forced || card.forced) expect(ofBoth).toBe(0);
          else expect(ofBoth).toBeGreaterThan(0);
          expect(ofBoth).toBeLessThanOrEqual(p * row.propensity);
        }
      }
    }
    expect(walked).toBeGreaterThan(20);
    await workspace.close();
    removeDirs();
  }, 60_000);
});
