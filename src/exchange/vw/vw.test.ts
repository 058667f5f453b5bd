import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type DecisionToExchange, decisionOfEvent, eventOfDecision, toExchange } from './decisions.ts';
import { dsjsonLine, parseDsjson, parseVwJson } from './dsjson.ts';
import type { BanditEvent, BanditSlot, VwCounts } from './event.ts';
import { type BanditFeedback, createFeedbackFile, feedbackOf } from './feedback.ts';
import { readVw, type VwFormat } from './read.ts';

const dir = mkdtempSync(join(tmpdir(), 'shelfwise-vw-'));
afterAll(() => rmSync(dir, { recursive: true }));

function eventIn(line: string, parse = parseDsjson): BanditEvent {
  const read = parse(line);
  if (read.fate !== 'event') throw new Error(`no event: ${JSON.stringify(read)}`);
  return read.event;
}

function reasonIn(line: string): string {
  const read = parseDsjson(line);
  return read.fate === 'bad' ? read.reason : `not bad: ${read.fate}`;
}

const CB = {
  _label_cost: -1,
  _label_probability: 0.8,
  _label_Action: 2,
  _labelIndex: 1,
  EventId: 'e1',
  Timestamp: '2021-02-04T16:31:29.9430000Z',
  a: [2, 1, 3],
  p: [0.8, 0.15, 0.05],
  c: { User: { age: 'old' }, _multi: [{ i: { id: 'x' } }, { i: { id: 'y' } }, { i: { id: 'z' } }] },
  VWState: { m: 'id/id' },
};

describe('a line of dsjson', () => {
  it('is a contextual bandit, with actions from 0 and the chosen one first', () => {
    const event = eventIn(JSON.stringify(CB));
    expect(event).toMatchObject({
      kind: 'cb',
      eventId: 'e1',
      shared: { User: { age: 'old' } },
      dropped: 0,
      skipLearn: false,
    });
    expect(event.actions).toHaveLength(3);
    expect(event.slots).toEqual([
      {
        id: '',
        features: {},
        included: null,
        ranking: [1, 0, 2],
        probabilities: [0.8, 0.15, 0.05],
        probability: 0.8,
        cost: -1,
        originalCost: null,
        observations: [],
      },
    ]);
    expect(event.rest).toEqual({ VWState: { m: 'id/id' } });
  });

  it('keeps p with a where a writer leaves both in the order of the actions', () => {
    const event = eventIn(JSON.stringify({ ...CB, a: [0, 1, 2], p: [0.15, 0.8, 0.05] }));
    expect(event.slots[0]).toMatchObject({ ranking: [1, 0, 2], probabilities: [0.8, 0.15, 0.05] });
  });

  it('has no label without a cost or a positive probability', () => {
    for (const change of [{ _label_cost: undefined }, { _label_probability: 0 }, { _label_cost: 'NaN' }]) {
      const { slots } = eventIn(JSON.stringify({ ...CB, ...change }));
      expect(slots[0]).toMatchObject({ cost: null, probability: null, ranking: [1, 0, 2] });
    }
  });

  it('is a conditional contextual bandit with slots, and slates with actions of their own', () => {
    const ccb = eventIn(
      '{"c":{"_multi":[{"f":"1"},{"f":"2"}],"_slots":[{"_inc":[0,1]},{"_inc":[1]}]},"_outcomes":[{"_label_cost":1.0,"_a":[0,1],"_p":[0.5,0.5]},{"_label_cost":0.0,"_a":[1],"_p":[1]}]}',
    );
    expect(ccb.kind).toBe('ccb');
    expect(ccb.slots.map(({ ranking, cost, included }) => ({ ranking, cost, included }))).toEqual([
      { ranking: [0, 1], cost: 1, included: [0, 1] },
      { ranking: [1], cost: 0, included: [1] },
    ]);
    const slates = eventIn(
      '{"_label_cost":-2,"c":{"_multi":[{"_slot_id":0},{"_slot_id":1},{"_slot_id":1}],"_slots":[{},{}]},"_outcomes":[{"_a":[0],"_p":[1]},{"_a":[1,0],"_p":[0.25,0.75]}]}',
    );
    expect(slates).toMatchObject({ kind: 'slates', globalCost: -2 });
    expect(slates.slots.map(({ ranking, included }) => ({ ranking, included }))).toEqual([
      { ranking: [0], included: [0] },
      { ranking: [2, 1], included: [1, 2] },
    ]);
  });

  it('is passed over when it is no event, and counted when nothing could be chosen', () => {
    expect(parseDsjson('[CHECKPOINT]')).toEqual({ fate: 'ignored' });
    expect(parseDsjson('{"RewardValue":1,"EventId":"x"}')).toEqual({ fate: 'ignored' });
    expect(parseDsjson(JSON.stringify({ ...CB, a: [] }))).toEqual({ fate: 'without-actions' });
    expect(parseDsjson('{"c":{"_multi":[]}}')).toEqual({ fate: 'without-actions' });
  });

  it.each([
    ['not JSON', '{"c":', /not JSON/],
    ['no actions', '{"c":{"x":1}}', /no actions \(_multi\)/],
    ['a label beyond the actions', JSON.stringify({ ...CB, _labelIndex: 3 }), /for action 3 \(from 0\) of 3/],
    ['an action twice', JSON.stringify({ ...CB, a: [2, 2, 1] }), /a names action 2 twice/],
    ['an action that is not there', JSON.stringify({ ...CB, a: [2, 9, 1] }), /a names action 9 of 3/],
    ['p of another length', JSON.stringify({ ...CB, p: [0.8, 0.2] }), /a has 3 actions and p 2/],
    ['a probability above 1', JSON.stringify({ ...CB, p: [1.5, 0, 0] }), /p\[0\] is 1\.5/],
    ['a label of probability 2', JSON.stringify({ ...CB, _label_probability: 2 }), /_label_probability is 2/],
    ['everything dropped', JSON.stringify({ ...CB, pdrop: 1 }), /pdrop is 1/],
    ['a cost that is text', JSON.stringify({ ...CB, _label_cost: 'much' }), /_label_cost is not a number/],
  ])('is bad with %s, and says so', (_name, line, reason) => {
    expect(reasonIn(line)).toMatch(reason);
  });

  it('is bad when it is nested without end, which no event is', () => {
    const nested = (depth: number): string =>
      JSON.stringify({ ...CB, c: { ...CB.c, User: 0 } }).replace(
        '"User":0',
        `"User":${'['.repeat(depth)}${']'.repeat(depth)}`,
      );
    expect([...feedbackOf(eventIn(nested(90)))]).toHaveLength(1);
    expect(reasonIn(nested(200_000))).toMatch(/nested more than 100 deep/);
  });

  it('as plain JSON is the context itself', () => {
    const event = eventIn(
      '{"s_":"1","_labelIndex":0,"_label_Cost":1,"_label_Probability":0.5,"_multi":[{"a":"1"},{"b":1}]}',
      parseVwJson,
    );
    expect(event).toMatchObject({ kind: 'cb', shared: { s_: '1' }, rest: {} });
    expect(event.slots[0]).toMatchObject({ cost: 1, probability: 0.5, ranking: [0] });
  });
});

const probability = fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x));
const name = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => !text.startsWith('_'));
const features = fc.dictionary(name, fc.oneof(finite, fc.boolean(), fc.string({ unit: 'grapheme', maxLength: 4 })), {
  maxKeys: 3,
});

function slotsOf(actions: number, count: number): fc.Arbitrary<BanditSlot[]> {
  const ids = Array.from({ length: actions }, (_, i) => i);
  const slot = fc
    .record({
      id: name,
      features,
      ranking: fc.shuffledSubarray(ids, { minLength: 1 }),
      p: fc.array(probability, { minLength: actions, maxLength: actions }),
      cost: fc.option(finite),
      originalCost: fc.option(finite),
      included: fc.option(fc.shuffledSubarray(ids)),
    })
    .map(({ p, cost, ...rest }) => ({
      ...rest,
      probabilities: p.slice(0, rest.ranking.length),
      probability: cost === null ? null : p[0],
      cost,
      observations: [],
    }));
  return fc.array(slot, { minLength: count, maxLength: count });
}

const anyEvent = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom('cb' as const, 'ccb' as const), fc.integer({ min: 1, max: 4 }))
  .chain(([actions, kind, slots]) =>
    fc.record({
      kind: fc.constant(kind),
      eventId: name,
      timestamp: name,
      shared: features,
      actions: fc.array(features, { minLength: actions, maxLength: actions }),
      slots: slotsOf(actions, kind === 'cb' ? 1 : slots).map((list) =>
        kind === 'ccb' ? list : list.map((slot) => ({ ...slot, id: '', features: {}, included: null })),
      ),
      globalCost: fc.constant(null),
      dropped: fc.double({ min: 0, max: 0.99, noNaN: true }).map((p) => p + 0),
      skipLearn: fc.boolean(),
      rest: fc.constant({ VWState: { m: 'x' } }),
    }),
  );

it('dsjson written and read again is the same event, every double of it', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const again = eventIn(dsjsonLine(event));
      expect(again).toEqual(event);
      for (const [s, { probabilities }] of event.slots.entries()) {
        expect(again.slots[s].probabilities.every((p, i) => Object.is(p, probabilities[i]))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const anyShelf = fc.record({
  shelfId: text,
  seedItem: fc.option(text),
  order: fc.constantFrom('defined' as const, 'policy' as const),
  pinnedRank: fc.integer({ min: -1, max: 5 }),
  minCards: fc.nat(4),
  maxCards: fc.integer({ min: 4, max: 20 }),
  carriedFrom: text,
  items: fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
});
const choice = fc.oneof(
  fc.record({ propensity: probability, forced: fc.constant(false) }),
  fc.constant({ propensity: 1, forced: true }),
);
const anyDecision: fc.Arbitrary<DecisionToExchange> = fc
  .array(anyShelf, { minLength: 1, maxLength: 5 })
  .chain((shelves) =>
    fc.record({
      decisionId: text,
      atMs: fc.integer({ min: 0, max: 4e12 }),
      seed: text,
      listenerKey: text,
      sessionId: text,
      policyId: text,
      device: text,
      market: text,
      tier: text,
      language: text,
      filter: text,
      marks: fc.array(text, { maxLength: 2 }),
      degraded: fc.boolean(),
      versions: fc.dictionary(name, text, { maxKeys: 3 }),
      shelves: fc.constant(shelves),
      rows: fc.shuffledSubarray(shelves.map((_, s) => s)).chain((chosen) =>
        fc.tuple(
          ...chosen.map((shelf) =>
            fc
              .tuple(
                choice,
                fc
                  .shuffledSubarray(shelves[shelf].items.map((_, i) => i))
                  .chain((cards) => fc.tuple(...cards.map((index) => choice.map((one) => ({ index, ...one }))))),
              )
              .map(([one, cards]) => ({ shelf, ...one, cards })),
          ),
        ),
      ),
    }),
  );

describe('our decisions', () => {
  it('exported as dsjson and imported again are the same, every propensity to the bit', () => {
    fc.assert(
      fc.property(anyDecision, (decision) => {
        const event = eventIn(dsjsonLine(eventOfDecision(decision)));
        const again = decisionOfEvent(event);
        expect(again).toEqual(decision);
        const propensities = (of: DecisionToExchange) =>
          of.rows.flatMap((row) => [row.propensity, ...row.cards.map((card) => card.propensity)]);
        const before = propensities(decision);
        expect(propensities(again as DecisionToExchange).every((p, i) => Object.is(p, before[i]))).toBe(true);
        // The slots alone say it too: what any reader of dsjson sees.
        expect(event.slots.map(({ probability: p }) => p)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  const decision: DecisionToExchange = {
    decisionId: 'd',
    atMs: Date.UTC(2026, 10, 24),
    seed: '00',
    listenerKey: 'k',
    sessionId: '',
    policyId: 'plackett-luce',
    device: 'phone',
    market: 'SE',
    tier: 'free',
    language: 'sv',
    filter: '',
    marks: [],
    degraded: false,
    versions: {},
    shelves: [
      {
        shelfId: 'recent',
        seedItem: null,
        order: 'defined',
        pinnedRank: 0,
        minCards: 1,
        maxCards: 5,
        carriedFrom: '',
        items: ['a', 'b'],
      },
      {
        shelfId: 'more-like',
        seedItem: 'a',
        order: 'policy',
        pinnedRank: -1,
        minCards: 1,
        maxCards: 5,
        carriedFrom: '',
        items: ['a', 'c', 'd'],
      },
      {
        shelfId: 'new',
        seedItem: null,
        order: 'policy',
        pinnedRank: -1,
        minCards: 1,
        maxCards: 5,
        carriedFrom: '',
        items: ['e'],
      },
    ],
    rows: [
      { shelf: 0, propensity: 1, forced: true, cards: [{ index: 0, propensity: 1, forced: true }] },
      {
        shelf: 1,
        propensity: 0.6,
        forced: false,
        cards: [
          { index: 1, propensity: 0.7, forced: false },
          { index: 2, propensity: 1, forced: false },
        ],
      },
    ],
  };

  it('leave open in each slot what the step could choose', () => {
    const { slots, actions } = eventOfDecision(decision);
    expect(actions.map(({ _tag }) => _tag)).toEqual(['recent', 'more-like', 'new', 'a', 'b', 'a', 'c', 'd', 'e']);
    expect(slots.map(({ id, ranking, included }) => [id, ranking[0], included])).toEqual([
      ['0', 0, [0]],
      ['0.0', 3, [3]],
      ['1', 1, [1, 2]],
      ['1.0', 6, [6, 7]],
      ['1.1', 7, [7]],
    ]);
  });

  it('cost what they earned, and a row what its cards earned', () => {
    const rewards: Record<string, number> = { '1.0': 1, '1.1': 0 };
    const { slots } = eventOfDecision(decision, (row, card) => rewards[`${row}.${card}`] ?? null);
    expect(slots.map(({ cost }) => cost)).toEqual([0, 0, -1, -1, 0]);
    expect(slots.map(({ observations }) => observations.length)).toEqual([0, 0, 1, 1, 1]);
  });

  it('of other writers, or altered so that they are no page, are none', () => {
    expect(decisionOfEvent(eventIn(JSON.stringify(CB)))).toBeNull();
    const event = eventOfDecision(decision);
    expect(decisionOfEvent({ ...event, actions: event.actions.slice(1) })).toBeNull();
    expect(decisionOfEvent({ ...event, slots: event.slots.slice(1, 2) })).toBeNull();
  });

  it('damaged at any one place of their line are another decision or none, and never an error', () => {
    const line = dsjsonLine(eventOfDecision(decision));
    /** Every place of a JSON value, as a path. */
    const placesIn = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
      value === null || typeof value !== 'object'
        ? [path]
        : [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
    const places = placesIn(JSON.parse(line)).filter((path) => path.length > 0);
    expect(places.length).toBeGreaterThan(50);
    let none = 0;
    for (const path of places) {
      for (const instead of [undefined, null, 5, 'text', [], {}, [null], -1, true]) {
        const damaged = JSON.parse(line) as Record<string, unknown>;
        let holder = damaged;
        for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
        holder[path[path.length - 1]] = instead;
        const read = parseDsjson(JSON.stringify(damaged));
        if (read.fate !== 'event') continue;
        if (decisionOfEvent(read.event) === null) none++;
        expect([...feedbackOf(read.event)].length).toBeLessThanOrEqual(read.event.slots.length);
      }
    }
    expect(none).toBeGreaterThan(100);
  });

  it('are taken from the answer of the API without what is not exchanged', () => {
    const told = { ...decision, recordBytes: 5000, audit: null, listenerState: '900 bytes, sealed' };
    expect(toExchange(told)).toEqual(decision);
  });

  it('become one row of feedback a step, forced ones marked', () => {
    const rows = [...feedbackOf(eventOfDecision(decision))];
    expect(rows.map(({ slotId, probability: p, forced, eligible }) => [slotId, p, forced, eligible])).toEqual([
      ['0', 1, true, [0]],
      ['0.0', 1, true, [3]],
      ['1', 0.6, false, [1, 2]],
      ['1.0', 0.7, false, [6, 7]],
      ['1.1', 1, false, [7]],
    ]);
  });
});

async function countsOf(
  file: string,
  content: string | Buffer,
  format: VwFormat,
): Promise<{ counts: VwCounts; bad: number[] }> {
  const path = join(dir, file);
  writeFileSync(path, content);
  let counts: VwCounts | undefined;
  const bad: number[] = [];
  for await (const batch of readVw(path, format)) {
    counts = batch.counts;
    bad.push(...batch.bad.map(({ row }) => row));
  }
  if (counts === undefined) throw new Error('no batch');
  return { counts, bad };
}

describe('files', () => {
  it('count every line by its fate, in gzipped files too', async () => {
    const line = JSON.stringify(CB);
    const lines = [
      line,
      '',
      '{"c":',
      '# checkpoint',
      JSON.stringify({ ...CB, _skipLearn: true, pdrop: 0.5 }),
      JSON.stringify({ ...CB, a: [] }),
      line,
    ];
    const expected = {
      lines: 7,
      events: 3,
      labelled: 3,
      skipLearn: 1,
      weight: 4,
      ignored: 2,
      withoutActions: 1,
      bad: 1,
    };
    expect(await countsOf('x.dsjson', lines.join('\n'), 'dsjson')).toEqual({ counts: expected, bad: [3] });
    expect(await countsOf('x.dsjson.gz', gzipSync(lines.join('\n')), 'dsjson')).toEqual({ counts: expected, bad: [3] });
  });

  it('that break off end with a bad line', async () => {
    const whole = gzipSync(`${JSON.stringify(CB)}\n`.repeat(5000));
    const { counts } = await countsOf('cut.dsjson.gz', whole.subarray(0, whole.length / 2), 'dsjson');
    expect(counts.bad).toBeGreaterThan(0);
    expect(counts.events).toBeGreaterThan(0);
  });

  it('of text say which line of an event is wrong', async () => {
    const good = 'shared |u a\n0:1:0.5 |x a:2 b\n|x c\n';
    const twice = '0:1:0.5 | a\n0:1:0.5 | b\n';
    expect(await countsOf('x.ldf', `${good}\n${twice}\n${good}`, 'cb-adf')).toMatchObject({
      counts: { events: 2, bad: 1 },
      bad: [6],
    });
    expect(await countsOf('x.cb', '1:0.5:0.25 2 | a\nx:1 | b\n', 'cb')).toMatchObject({
      counts: { events: 1 },
      bad: [2],
    });
    const ccb = 'ccb shared | s\nccb action | a\nccb action | b\nccb slot 0:1:0.5,1:0.2 | x\n';
    expect(await countsOf('x.ccb', ccb, 'ccb')).toMatchObject({ counts: { events: 0 }, bad: [4] });
    expect(
      await countsOf('x.slates', 'slates shared 1\nslates action 0 | a\nslates slot 1:0.5 | x\n', 'slates'),
    ).toMatchObject({ bad: [3] });
  });
});

describe('a file of feedback', () => {
  const rows = [1 / 3, Number.MIN_VALUE, 0.1 + 0.2].map(
    (p) => [...feedbackOf(eventIn(JSON.stringify({ ...CB, _label_probability: p })))][0],
  );

  it('as Parquet has the same doubles', async () => {
    const path = join(dir, 'x.parquet');
    const file = createFeedbackFile(path);
    await file.write(rows);
    await file.end();
    const database = await DuckDBInstance.create(':memory:');
    const connection = await database.connect();
    const read = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    const table = read.getRowObjectsJson() as unknown as BanditFeedback[];
    const doubles = (await connection.runAndReadAll(`SELECT probability FROM read_parquet('${path}')`))
      .getRows()
      .flat();
    connection.closeSync();
    database.closeSync();
    expect(doubles.every((p, i) => Object.is(p, rows[i].probability))).toBe(true);
    expect(table[0]).toMatchObject({ eventId: 'e1', action: 1, cost: -1, eligible: [0, 1, 2] });
  });

  it('is there when it is whole, and not before', async () => {
    const path = join(dir, 'y.jsonl');
    const file = createFeedbackFile(path);
    await file.write(rows);
    expect(readdirSync(dir)).not.toContain('y.jsonl');
    await file.discard();
    expect(readdirSync(dir).filter((one) => one.startsWith('y.'))).toEqual([]);
    expect(() => createFeedbackFile(join(dir, 'y.txt'))).toThrow(/\.parquet/);
  });

  it('leaves nothing behind when it is discarded while it is still being opened', async () => {
    for (let round = 0; round < 20; round++) {
      const files = Array.from({ length: 20 }, (_, i) => createFeedbackFile(join(dir, `z-${round}-${i}.jsonl`)));
      await Promise.all(files.map((file) => file.discard()));
    }
    expect(readdirSync(dir).filter((one) => one.startsWith('z-'))).toEqual([]);
  });
});
