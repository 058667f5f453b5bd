import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, type ManualClock, MINUTE_MS, manualClock, systemClock } from '../../base/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import type { Platform } from '../open.ts';
import { createPace, type Pace } from '../pace.ts';
import { fittedDir, home, LISTENERS, newDir, open, removeDirs, START_MS } from '../platform-testing.ts';
import { positionNumber } from '../states.ts';
import { endOf, react } from '../training/training-testing.ts';
import { DECISIONS, EVENTS, openWorkspace, type Workspace } from '../workspace.ts';
import { type EventHours, openEventHours } from './event-hours.ts';
import { playAt } from './event-testing.ts';
import { createExaminer, type Examiner } from './examiner.ts';
import { openLogPlaces, type Places } from './log-places.ts';
import type { DataEnds } from './questions.ts';
import { createSchemas, type Schemas } from './schema-store.ts';
import { openSetStore, type SetStore } from './set-store.ts';

const at = (text: string): number => Date.parse(`${text}Z`);
let dir: string;
let clock: ManualClock;
let platform: Platform;
let workspace: Workspace;
let schemas: Schemas;
let ends: DataEnds;
/** Where the logs stood before the first Home, and after the first day. */
const stood: Places[] = [];

/** Of an empty folder, unless it is given one. */
function examinerOf(own = newDir(), changed: Partial<Parameters<typeof createExaminer>[0]> = {}) {
  const [sets, hours] = [openSetStore(own), openEventHours(own, () => {})];
  const places = openLogPlaces(own, () => {});
  const pace = createPace(clock, () => true);
  const examiner = createExaminer({ workspace, schemas, clock, pace, ...changed, sets, hours, places });
  return { sets, hours, places, examiner };
}

beforeAll(async () => {
  dir = await fittedDir();
  clock = manualClock(START_MS);
  platform = await open(dir, clock);
  const rng = createRng(1);
  // A day as it should be, one on which nothing is seen, and one on which hardly anybody came.
  const note = async () => {
    await platform.flush();
    stood.push({ events: await endOf(dir, EVENTS), decisions: await endOf(dir, DECISIONS) });
  };
  await note();
  for (const [day, listeners] of [LISTENERS, LISTENERS, 5].entries()) {
    for (let l = 0; l < listeners; l++) {
      clock.advance(MINUTE_MS);
      const page = await home(platform, `l${l}`);
      if (day === 0) await react(platform, `l${l}`, page, clock, rng);
    }
    if (day === 0) await note();
    clock.set(START_MS + (day + 1) * DAY_MS);
  }
  await platform.flush();
  workspace = openWorkspace(dir, createEnding(createEndingMemory()));
  schemas = createSchemas(workspace.metadata.settings, workspace.encoder, () => ({ tiers: [], markets: [] }), clock);
  const catalogHash = platform.status().epochs['catalog'];
  ends = { events: await endOf(dir, EVENTS), decisions: await endOf(dir, DECISIONS), catalogHash, nowMs: 0 };
}, 240_000);
afterAll(async () => {
  await workspace.close();
  await platform.close();
  removeDirs();
});

const examine = (examiner: Examiner, stream: 'serving' | 'training', span: string, nowMs = at('2026-11-06T00:00:00')) =>
  examiner.examine({ span, streams: [stream] }, { ...ends, nowMs }, () => {});
const withoutErrors = (sets: SetStore, id: string): void => {
  const stored = sets.get(id);
  if (stored !== undefined)
    sets.put([{ ...stored, anomalies: [], set: { ...stored.set, anomalies: { errors: 0, warnings: 0 } } }]);
};

describe('a day without examples', () => {
  it('is an error where listeners enough decided and all was lost, and nothing where few came', async () => {
    const { sets, examiner } = examinerOf();
    expect(await examine(examiner, 'training', '2026-11-01')).toEqual(['training/2026-11-01']);
    withoutErrors(sets, 'training/2026-11-01');
    await examine(examiner, 'training', '2026-11-02');
    expect(sets.get('training/2026-11-02')).toMatchObject({ set: { examples: 0 }, anomalies: [{ severity: 'error' }] });
    expect(await examine(examiner, 'training', '2026-11-03')).toEqual([]);
  });

  it('is none where the features have changed since: what was found before stays, and nothing is wrong', async () => {
    const own = newDir();
    const { sets, examiner } = examinerOf(own);
    for (const day of ['2026-11-01', '2026-11-02']) {
      await examine(examiner, 'serving', day);
      withoutErrors(sets, `serving/${day}`);
    }
    const before = sets.get('serving/2026-11-02');
    expect(before?.set.examples).toBeGreaterThan(0);
    const changed = { workspace: { ...workspace, encoder: { ...workspace.encoder, hash: 'of other features' } } };
    const after = examinerOf(own, changed);
    await examine(after.examiner, 'serving', '2026-11-02');
    expect(after.sets.get('serving/2026-11-02')).toEqual(before);
    expect(after.sets.statistics('serving/2026-11-02')?.datasets?.[0]?.numExamples).toBe(before?.set.examples);
    // Nor is a set made of a day that was not examined before.
    expect(await examine(after.examiner, 'serving', '2026-11-03')).toEqual([]);
    expect(after.sets.get('serving/2026-11-03')).toBeUndefined();
  });
});

it('a day is read from where the logs stood two days before it began', async () => {
  const setOf = async (place: Places | undefined) => {
    const { sets, places, examiner } = examinerOf();
    if (place !== undefined) {
      places.note({ ...ends, ...place, nowMs: at('2026-10-29T23:59:00') });
      // The days after: from where the logs stood before these, all of the day would be passed over.
      for (const day of ['2026-10-30', '2026-10-31', '2026-11-01'])
        places.note({ ...ends, ...stood[1], nowMs: at(`${day}T00:00:00`) });
    }
    await examine(examiner, 'training', '2026-11-01');
    return { stored: sets.get('training/2026-11-01'), list: sets.statistics('training/2026-11-01') };
  };
  const whole = await setOf(undefined);
  expect(whole.stored?.set.examples).toBeGreaterThan(100);
  expect(await setOf(stood[0])).toEqual(whole);
  expect((await setOf(stood[1])).stored).toBeUndefined();
});

it('nothing is read without a rest, nor is what is only passed over', async () => {
  const nothing = at('2026-11-20T00:00:00');
  for (const stream of ['serving', 'training', 'evaluation'] as const) {
    let rests = 0;
    const pace: Pace = {
      begin() {},
      isDue: true,
      rest: async () => void rests++,
      hurry() {},
    };
    const { examiner } = examinerOf(newDir(), { pace });
    // Of a day without one: every decision of the log is looked at, and none is taken.
    await examiner.examine({ span: '2026-11-19', streams: [stream] }, { ...ends, nowMs: nothing }, () => {});
    expect([stream, rests >= 2 * LISTENERS]).toEqual([stream, true]);
  }
});

it('a day comes out the same whether or not somebody waits for it', async () => {
  const found = [];
  for (const isAwaited of [true, false]) {
    const { sets, examiner } = examinerOf(newDir(), { pace: createPace(systemClock, () => isAwaited) });
    await examine(examiner, 'training', '2026-11-01');
    found.push({ stored: sets.get('training/2026-11-01'), list: sets.statistics('training/2026-11-01') });
  }
  expect(found[0].stored?.set.examples).toBeGreaterThan(100);
  expect(found[1]).toEqual(found[0]);
});

it('a day that still filled when the platform stood still for a week becomes complete', async () => {
  const { sets, examiner } = examinerOf();
  await examine(examiner, 'serving', '2026-11-01', at('2026-11-01T20:00:00'));
  expect(sets.get('serving/2026-11-01')?.set.complete).toBe(false);
  await examiner.followExamples({ ...ends, nowMs: at('2026-11-08T03:00:00') });
  expect(sets.get('serving/2026-11-01')?.set.complete).toBe(true);
});

describe('hours that were counted', () => {
  const HOURS = ['2026-10-01T10', '2026-10-01T11'];
  const nowMs = at('2026-10-01T12:00:00');
  /** Counted, all of the log, by a process that stopped before it judged. */
  const count = (hours: EventHours): void => {
    const end = positionNumber(ends.events);
    for (let i = 0; i < 40; i++)
      hours.add(playAt(nowMs - HOUR_MS * (1 + (i % 2)), i), end - 40 + i, end - 39 + i, nowMs);
    hours.save(nowMs);
  };

  it('are judged by the next process where a stop came in between, and a day that was counted further too', async () => {
    const own = newDir();
    count(openEventHours(own, () => {}));
    const { sets, examiner } = examinerOf(own);
    await examiner.followEvents({ ...ends, nowMs });
    for (const hour of HOURS) expect(sets.get(`play/${hour}`)?.set.examples).toBe(20);
    const more = openEventHours(own, () => {});
    more.add(playAt(nowMs - HOUR_MS, 1), positionNumber(ends.events), positionNumber(ends.events), nowMs);
    more.save(nowMs);
    const next = examinerOf(own);
    await next.examiner.followEvents({ ...ends, nowMs });
    expect(next.sets.get('play/2026-10-01T11')?.set.examples).toBe(21);
  });

  it('are judged at the next turn where judging one failed, and the others at once', async () => {
    const own = newDir();
    count(openEventHours(own, () => {}));
    let fails = true;
    const failing: Schemas = {
      ...schemas,
      current: (name) => {
        if (name === 'play' && fails) {
          fails = false;
          return Promise.reject(new Error('no disk'));
        }
        return schemas.current(name);
      },
    };
    const { sets, examiner } = examinerOf(own, { schemas: failing });
    await expect(examiner.followEvents({ ...ends, nowMs })).rejects.toThrow('no disk');
    expect(HOURS.map((hour) => sets.get(`play/${hour}`)?.set.examples)).toEqual([undefined, 20]);
    await examiner.followEvents({ ...ends, nowMs });
    expect(HOURS.map((hour) => sets.get(`play/${hour}`)?.set.examples)).toEqual([20, 20]);
  });
});

describe('a large day', () => {
  it('is sampled, decisions and cards, and says so', async () => {
    const { sets, examiner } = examinerOf();
    await examine(examiner, 'serving', '2026-11-01');
    const whole = sets.get('serving/2026-11-01')?.set;
    const own = whole?.examples ?? 0;
    expect(own).toBeGreaterThan(10 * LISTENERS);
    expect(whole?.note).not.toContain('sample');

    const [maxDecisions, maxRows] = [Math.floor(LISTENERS / 2), 100];
    const small = examinerOf(newDir(), { limits: { maxDecisions, maxRows } });
    await examine(small.examiner, 'serving', '2026-11-01');
    const part = small.sets.get('serving/2026-11-01')?.set;
    // Of half of twelve decisions, each for itself, some are taken and some are not.
    const left = Number(/(\d+) decisions not in the sample/.exec(part?.note ?? '')?.[1]);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(LISTENERS);
    expect(part?.note).toMatch(/one card in \d+\.\d/);
    // A hundred for half of them.
    const expected = (100 * (LISTENERS - left)) / maxDecisions;
    expect(Math.abs((part?.examples ?? 0) / expected - 1)).toBeLessThan(0.3);
    expect(own).toBeGreaterThan(2 * expected);
    expect(part?.units).toBeLessThanOrEqual(LISTENERS - left);
  });

  it('rests as long in proportion as reading took, but is read when it is complete', async () => {
    let readings = 0;
    let tookMs = 0;
    // Each reading asks twice, before and after.
    const slow = { monotonicMs: () => (readings++ % 2 === 0 ? 0 : tookMs) };
    const { examiner } = examinerOf(newDir(), { clock: slow });
    const readAt = async (time: string): Promise<number> => {
      const before = readings;
      await examiner.followExamples({ ...ends, nowMs: at(time) });
      return (readings - before) / 2;
    };
    tookMs = 0.5 * HOUR_MS;
    expect(await readAt('2026-11-01T14:00:00')).toBeGreaterThan(0);
    // Fifty times half an hour is more than a day: nothing is read again that day, though an hour went by.
    expect(await readAt('2026-11-01T15:30:00')).toBe(0);
    expect(await readAt('2026-11-01T23:00:00')).toBe(0);
    tookMs = 0;
    // Of serving the day is complete five minutes after its end.
    expect(await readAt('2026-11-02T00:06:00')).toBeGreaterThan(0);
  });
});
