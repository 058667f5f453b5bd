import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import {
  type EvaluationRows,
  evaluate,
  evaluateStudies,
  evaluationRows,
  sourceOf,
} from '../../counterfactual/index.ts';
import { type DecisionToExchange, eventOfDecision } from '../vw/decisions.ts';
import { dsjsonLine } from '../vw/dsjson.ts';
import { readOpeColumns } from './columns.ts';
import { readOpeDsjson } from './dsjson.ts';
import { readObpJson } from './obp-json.ts';
import { readOpenBandit } from './open-bandit.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-ope-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function chunksOf(source: AsyncIterable<EvaluationRows>): Promise<EvaluationRows[]> {
  const chunks: EvaluationRows[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return chunks;
}

/** 20,000 rows of slates of one to four, with a model, as CSV and as columns. */
function madeUp(): { csv: string; chunk: EvaluationRows } {
  const rng = createRng(4);
  const lines = [
    'listener,decision,position,reward,propensity,target_propensity,predicted,expected,predicted_mrdr,expected_mrdr,colour',
  ];
  const columns = { w: [] as number[], r: [] as number[], q: [] as number[], e: [] as number[] };
  const [decisionOf, listenerOf, positionOf]: [number[], number[], number[]] = [[], [], []];
  for (let decision = 0; decisionOf.length < 20_000; decision++) {
    const listener = rng.below(700);
    listenerOf.push(listener);
    for (let position = 0; position <= rng.below(4); position++) {
      const [p, t] = [0.1 + 0.9 * rng.uniform(), rng.uniform()];
      const [r, q, e] = [rng.below(2), rng.uniform(), rng.uniform()];
      lines.push([listener, `d${decision}`, position, r, p, t, q, e, q / 2, e / 4, 'red'].join(','));
      columns.w.push(t / p);
      columns.r.push(r);
      columns.q.push(q);
      columns.e.push(e);
      decisionOf.push(decision);
      positionOf.push(position);
    }
  }
  const chunk = evaluationRows({
    weights: Float64Array.from(columns.w),
    rewards: Float64Array.from(columns.r),
    decisionOf: Uint32Array.from(decisionOf),
    listenerOf: Uint32Array.from(listenerOf),
    positionOf: Uint16Array.from(positionOf),
    model: { predicted: Float64Array.from(columns.q), expected: Float64Array.from(columns.e) },
    nuisances: {
      mrdr: {
        predicted: Float64Array.from(columns.q, (q) => q / 2),
        expected: Float64Array.from(columns.e, (e) => e / 4),
      },
    },
  });
  return { csv: `${lines.join('\n')}\n`, chunk };
}

describe('columns', () => {
  const { csv, chunk } = madeUp();
  const path = file('log.csv', csv);

  it.each(['csv', 'csv.gz', 'parquet', 'a query'])(
    'of %s give what the same rows in memory give, in chunks of whole decisions',
    async (format) => {
      let log = path;
      if (format === 'csv.gz') log = file('log.csv.gz', gzipSync(csv));
      if (format === 'parquet') {
        log = join(folder, 'log.parquet');
        const connection = await (await DuckDBInstance.create(':memory:')).connect();
        await connection.run(`COPY (SELECT * FROM read_csv('${path}')) TO '${log}' (FORMAT parquet)`);
        connection.closeSync();
      }
      const query = { sql: `SELECT * FROM read_csv('${path}') -- all of it\n;` };
      const read = await readOpeColumns(format === 'a query' ? query : [log]);
      const options = { estimators: ['all', 'snipw-position'], interval: 'student-t' } as const;
      const { evaluations, estimates } = await evaluateStudies(read.studies, options);
      const wanted = await evaluate(sourceOf(chunk), options);
      expect(estimates).toEqual(wanted.estimates);
      expect(estimates['mrdr'].value).not.toBe(estimates['dr'].value);
      expect(Object.keys(estimates)).not.toContain('cross-fitted-dr');
      expect(evaluations.get('rows')?.decisions).toBe(chunk.decisions);
      expect((await chunksOf(read.studies[0].source)).length).toBeGreaterThan(1);
      expect(read.notes).toEqual(['ignored columns colour']);
    },
  );

  it('of other names are mapped; missing ones are named', async () => {
    const other = file('other.csv', 'who,click,p,q\nann,1,0.5,0.25\nbob,0,0.5,1\nann,1,0.25,1\n');
    const map = { listener: 'who', reward: 'click', propensity: 'p', targetPropensity: 'q' };
    const { studies } = await readOpeColumns([other], { map });
    const [chunk] = await chunksOf(studies[0].source);
    expect([...chunk.weights]).toEqual([0.5, 2, 4]);
    expect([...chunk.matches]).toEqual([0, 1, 1]);
    expect(chunk.listenerOf[0]).toBe(chunk.listenerOf[2]);
    expect(chunk.listenerOf[0]).not.toBe(chunk.listenerOf[1]);
    await expect(readOpeColumns([other])).rejects.toThrow(/no column for reward, propensity, targetPropensity/);
    await expect(readOpeColumns([join(folder, 'none.csv')])).rejects.toThrow(/there is no file/);
    await expect(readOpeColumns({ sql: 'SELECT 1 AS reward FROM nowhere' })).rejects.toThrow(
      /the query cannot be read: .*nowhere/,
    );
    await expect(readOpeColumns({ sql: ' ; ' })).rejects.toThrow(/the query is empty/);
    await expect(readOpeColumns({ sql: 'SELECT 1 AS reward' })).rejects.toThrow(
      /the query has no column for propensity/,
    );
  });

  it.each([
    ['0', /row 1 has propensity 0/],
    ['-0.5', /row 1 has propensity -0.5/],
    ['1.5', /row 1 has propensity 1.5/],
    ['nan', /row 1 has propensity NaN/],
    ['', /row 1 has propensity NaN/],
    ['much', /row 1 has propensity NaN/],
  ])('with a propensity of "%s" are refused', async (propensity, message) => {
    const bad = file('bad.csv', `reward,propensity,target_propensity\n1,0.5,0.5\n1,${propensity},0.5\n`);
    const { studies } = await readOpeColumns([bad]);
    const error = await chunksOf(studies[0].source).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'OPE_PROPENSITY_RANGE', message: expect.stringMatching(message) });
  });

  it('with a target propensity or a reward that is none are refused', async () => {
    const one = file('one.csv', 'reward,propensity,target_propensity\n1,0.5,1.5\n');
    await expect(chunksOf((await readOpeColumns([one])).studies[0].source)).rejects.toThrow(/row 0 has target_prop/);
    const two = file('two.csv', 'reward,propensity,target_propensity\n1,0.5,0.5\n,0.5,0.5\n');
    await expect(evaluateStudies((await readOpeColumns([two])).studies)).rejects.toThrow(/row 1 has reward NaN/);
  });
});

describe('dsjson', () => {
  const event = (id: string, chosen: number, p: number, cost: number, more = {}) =>
    JSON.stringify({
      _label_cost: cost,
      _label_probability: p,
      _label_Action: chosen,
      _labelIndex: chosen - 1,
      EventId: id,
      a: [chosen, ...[1, 2, 3].filter((action) => action !== chosen)],
      c: { u: { x: 1 }, _multi: [{ i: { a: 1 } }, { i: { a: 2 } }, { i: { a: 3 } }] },
      p: [p, (1 - p) / 2, (1 - p) / 2],
      ...more,
    });
  const path = file(
    'log.dsjson',
    [
      event('a', 1, 0.5, -1),
      event('b', 2, 0.25, 0),
      event('c', 3, 0.25, -1),
      event('d', 1, 0.5, -1, { _skipLearn: true }),
      '{"x"',
    ].join('\n'),
  );

  it('is weighted by the policy that is judged, and what is left out is told', async () => {
    const log = readOpeDsjson(path);
    const { estimates } = await evaluateStudies(log.studies, { interval: 'normal' });
    expect(estimates['ipw'].value).toBeCloseTo((1 / 3 / 0.5 + 1 / 3 / 0.25) / 3, 12);
    expect(log.notes.join('; ')).toMatch(/1 lines? that cannot be read.*1 events? not to be learnt from/);
    const logged = await evaluateStudies(readOpeDsjson(path, { target: 'logged' }).studies, { interval: 'normal' });
    expect(logged.estimates['ipw'].value).toBeCloseTo(2 / 3, 12);
    const first = await evaluateStudies(readOpeDsjson(path, { target: 'first' }).studies, { interval: 'normal' });
    expect(first.estimates['ipw'].value).toBeCloseTo(1 / 0.5 / 3, 12);
    expect(first.estimates['rm'].value).toBe(1);
  });
});

describe('our own exports', () => {
  /** A page of one forced row, and one drawn row of two cards out of three. */
  const decision = (id: string, listenerKey: string, first: number, degraded = false): DecisionToExchange => ({
    decisionId: id,
    atMs: 0,
    seed: '0'.repeat(32),
    listenerKey,
    sessionId: 's',
    policyId: 'p',
    device: 'phone',
    market: 'SE',
    tier: 'free',
    language: 'en',
    filter: 'all',
    marks: [],
    degraded,
    versions: {},
    shelves: ['recent', 'mixes'].map((shelfId) => ({
      shelfId,
      seedItem: null,
      order: shelfId === 'recent' ? ('defined' as const) : ('policy' as const),
      pinnedRank: -1,
      minCards: 1,
      maxCards: 2,
      carriedFrom: '',
      items: shelfId === 'recent' ? ['x'] : ['a', 'b', 'c'],
    })),
    rows: [
      { shelf: 0, propensity: 1, forced: true, cards: [{ index: 0, propensity: 1, forced: true }] },
      {
        shelf: 1,
        propensity: 0.5,
        forced: false,
        cards: [
          { index: first, propensity: 0.25, forced: false },
          { index: (first + 1) % 3, propensity: 0.8, forced: false },
        ],
      },
    ],
  });

  it('are weighted place by place, what was forced left out, and resampled by listener', async () => {
    const decisions = [
      decision('d1', 'ann', 0),
      decision('d2', 'bob', 1),
      decision('d3', 'ann', 2),
      decision('d4', 'eve', 0, true),
    ];
    const lines = decisions.map((one) =>
      dsjsonLine(eventOfDecision(one, (row, card) => (row === 1 && card === 1 ? 1 : 0))),
    );
    const log = readOpeDsjson(file('own.dsjson', lines.join('\n')), { slots: true });
    const [joint, own, cascade] = log.studies.map(({ source }) => source);
    const [chunk] = await chunksOf(own);
    // The drawn shelf out of one left, its cards out of three, then two.
    const ratios = [1 / 0.5, 1 / 3 / 0.25, 1 / 2 / 0.8];
    for (let row = 0; row < 9; row++) expect(chunk.weights[row]).toBeCloseTo(ratios[row % 3], 12);
    expect([...chunk.rewards]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect([...chunk.decisionOf]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect(chunk.listenerOf[0]).toBe(chunk.listenerOf[2]);
    expect(chunk.listenerOf[0]).not.toBe(chunk.listenerOf[1]);
    expect((await chunksOf(cascade))[0].weights[1]).toBeCloseTo(ratios[0] * ratios[1], 12);
    expect((await chunksOf(joint))[0].weights[0]).toBeCloseTo(ratios[0] * ratios[1] * ratios[2], 12);
    expect(log.notes.join()).toMatch(/1 events not to be learnt from/);
    const { estimates } = await evaluateStudies(log.studies, { interval: 'normal' });
    expect(Object.keys(estimates)).toEqual(['sips', 'snsips', 'iips', 'sniips', 'rips', 'snrips']);
  });
});

describe('other formats', () => {
  it('of Open Bandit refuse what is not theirs', async () => {
    await expect(readOpenBandit(file('men.csv', 'a,b\n1,2\n'))).rejects.toThrow(/no column item_id, position, click/);
    await expect(readOpenBandit(folder)).rejects.toThrow(/holds several/);
    const odd = file('kids.csv', ',timestamp,item_id,position,click,action_prob\n0,x,3,1,1,0.5\n');
    await expect(readOpenBandit(odd)).rejects.toThrow(/how many items has kids/);
    const { studies } = await readOpenBandit(odd, { items: 4 });
    expect([...(await chunksOf(studies[0].source))[0].weights]).toEqual([0.5]);
  });

  it('of JSON name the field and the row', () => {
    expect(() => readObpJson(file('a.json', '[]'))).toThrow(/is not an object/);
    expect(() => readObpJson(file('b.json', '{"action": [0]}'))).toThrow(/has no list reward/);
    const log = {
      action: [0, 2],
      reward: [1, 0],
      pscore: [0.5, 0.5],
      action_dist: [
        [0.5, 0.5],
        [1, 0],
      ],
    };
    expect(() => readObpJson(file('c.json', JSON.stringify(log)))).toThrow(/row 1 has action 2; there are 2/);
    const zero = { ...log, action: [0, 1], pscore: [0.5, 0] };
    expect(() => readObpJson(file('d.json', JSON.stringify(zero)))).toThrow(/row 1 has pscore 0/);
  });
});
