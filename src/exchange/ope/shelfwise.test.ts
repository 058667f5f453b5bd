import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type EvaluationRows, evaluateStudies } from '../../counterfactual/index.ts';
import type { EvaluationLogDecision, EvaluationLogEnd, EvaluationLogHeader } from './evaluation-log.ts';
import { type EvaluationLogReading, readEvaluationLog } from './shelfwise.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-evaluation-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER: EvaluationLogHeader = {
  shelfwise: 'evaluation log',
  version: 1,
  policies: [{ name: 'warm', policy: 'plackett-luce', options: {}, model: '' }],
  rewardModel: { kind: 'cross-fitted', family: 'logistic', rows: 9 },
  span: 'all',
};
/** Two rows of two cards, the second of which was declared; a third row was carried. Places for three rows of three. */
const DECISION: EvaluationLogDecision = {
  listener: 4,
  places: [3, 3],
  rows: [
    { shelf: 0.5, cards: [0.5, 0.25], earned: [1], predicted: [0.1, 0.2] },
    { shelf: null, cards: [0.4, null], earned: [0], predicted: [0.3, 0.4] },
    { shelf: null, cards: [null], earned: [], carried: true },
  ],
  policies: [
    {
      shelves: [0.25, 1, 1],
      cards: [[1, 0.5], [0.1, 1], [1]],
      missing: 0.02,
      expected: [[0.15, 0.25], [0.35, 0.4], []],
      control: [0.1, 0.2, 0.3, 0.4],
    },
  ],
};
const end = (decisions: number): EvaluationLogEnd => ({ end: true, decisions, listeners: 1, leftOut: { immature: 2 } });
const TEXT = [HEADER, DECISION, end(1)].map((line) => JSON.stringify(line)).join('\n');

let files = 0;
function fileOf(text: string | Uint8Array, ending = '.ope.jsonl'): string {
  const file = join(folder, `${files++}${ending}`);
  writeFileSync(file, text);
  return file;
}

async function read(text: string, reading: EvaluationLogReading = {}): Promise<EvaluationRows> {
  const log = await readEvaluationLog(fileOf(text), reading);
  const chunks: EvaluationRows[] = [];
  for await (const chunk of log.studies[0].source) chunks.push(chunk);
  expect(chunks).toHaveLength(1);
  return chunks[0];
}

describe('an evaluation log', () => {
  it('has the weight of each card at each rung, and of the places that its page lacks', async () => {
    // ρ: row 0: 0.5, cards 2 and 2; row 1: 1, cards 0.25 and 1; row 2: 1.
    const expected = {
      prefix: [1, 2, 0.5, 0.5, 0.5, 2, 0.5, 0.5, 0.5],
      above: [1, 2, 0.125, 0.125, 0.5, 0.5, 0.5, 0.5, 0.5],
      row: [1, 2, 0.25, 0.25, 0.5, 1, 1, 1, 1],
      item: [1, 1, 0.25, 1, 0.5, 1, 1, 1, 1],
    } as const;
    for (const rung of ['prefix', 'above', 'row', 'item'] as const) {
      const rows = await read(TEXT, { rung });
      expect([...rows.weights]).toEqual(expected[rung]);
      expect([...rows.positionOf]).toEqual([0, 1, 32, 33, 2, 34, 64, 65, 66]);
      expect([...(rows.isCard ?? [])]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
      expect([...rows.rewards]).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0]);
      expect([...(rows.model?.predicted ?? [])]).toEqual([0.1, 0.2, 0.3, 0.4, 0, 0, 0, 0, 0]);
      expect(rows.listenerOf).toEqual(Uint32Array.of(4));
      expect(rows.control?.[0]).toBe({ prefix: 0.1, above: 0.2, row: 0.3, item: 0.4 }[rung]);
    }
    // W⁻ Σ π q̂: 0.5 and 1 before the cards of row 0.
    expect([...((await read(TEXT)).model?.expected ?? [])].slice(0, 2)).toEqual([0.5 * 0.15, 1 * 0.25]);
  });

  it('weighs 1 for what served, and knows what it lacks', async () => {
    const rows = await read(TEXT, { policy: 'served' });
    expect([...rows.weights]).toEqual(new Array(9).fill(1));
    expect(rows.model).toBeUndefined();
    const log = await readEvaluationLog(fileOf(gzipSync(TEXT), '.ope.jsonl.gz'));
    await evaluateStudies(log.studies, { estimators: ['ipw', 'dr'] });
    expect(log.evidence?.().missingMass).toMatchObject({ audited: 1, mean: 0.02 });
    expect(log.notes).toEqual(['left out when it was written: 2 immature']);
    // Read again, it is not counted twice.
    await evaluateStudies(log.studies, { estimators: ['ipw'] });
    expect(log.evidence?.().missingMass?.audited).toBe(1);
  });

  it.each([
    ['no log at all', '{"c":{}}\n', {}, 'OPTION_INVALID', /does not begin as an evaluation log.*export ope/],
    ['nothing', '', {}, 'OPTION_INVALID', /does not begin/],
    ['another version', TEXT.replace('"version":1', '"version":9'), {}, 'OPTION_INVALID', /version 9.*reads 1/],
    ['an unknown policy', TEXT, { policy: 'cool' }, 'OPTION_INVALID', /does not hold "cool".*served, warm/],
    ['a file that breaks off', TEXT.slice(0, TEXT.lastIndexOf('\n')), {}, 'OPE_ROW_INVALID', /breaks off after 1/],
    ['a lost line', TEXT.replace(`${JSON.stringify(DECISION)}\n`, ''), {}, 'OPE_ROW_INVALID', /after 0.*says 1/],
    ['half a line', TEXT.slice(0, 400), {}, 'OPE_ROW_INVALID', /line 2: it is not JSON; export it anew/],
    [
      'a propensity of 0',
      TEXT.replace('"shelf":0.5', '"shelf":0'),
      {},
      'OPE_PROPENSITY_RANGE',
      /line 2: row 0 has prop/,
    ],
    ['one above 1', TEXT.replace('[0.5,0.25]', '[0.5,1.25]'), {}, 'OPE_PROPENSITY_RANGE', /row 0, card 1.*1\.25/],
    ['a word for one', TEXT.replace('[0.5,0.25]', '[0.5,"p"]'), {}, 'OPE_PROPENSITY_RANGE', /card 1 has propensity p/],
    [
      'a negative chance',
      TEXT.replace('[1,0.5]', '[1,-0.5]'),
      {},
      'OPE_ROW_INVALID',
      /row 0, card 1 has probability -0.5/,
    ],
    ['a missing chance', TEXT.replace('[1,0.5]', '[1]'), {}, 'OPE_ROW_INVALID', /not a probability for each row/],
    ['a reward of no card', TEXT.replace('"earned":[1]', '"earned":[2]'), {}, 'OPE_ROW_INVALID', /earned at card 2/],
    ['no prediction', TEXT.replace('[0.1,0.2]', '[0.1]'), {}, 'OPE_ROW_INVALID', /predicted is undefined/],
    ['a listener by name', TEXT.replace('"listener":4', '"listener":"l4"'), {}, 'OPE_ROW_INVALID', /listener is l4/],
    ['null for a chance', TEXT.replace('[1,0.5]', '[1,null]'), {}, 'OPE_ROW_INVALID', /line 2: row 0, card 1 .* null/],
    [
      'a word for a chance',
      TEXT.replace('[1,0.5]', '[1,"1"]'),
      {},
      'OPE_ROW_INVALID',
      /card 1 has probability 1 under/,
    ],
    [
      'null for a control',
      TEXT.replace('[0.1,0.2,0.3', '[0.1,null,0.3'),
      {},
      'OPE_ROW_INVALID',
      /control of above is null/,
    ],
    [
      'a word for what is missing',
      TEXT.replace('"missing":0.02', '"missing":"x"'),
      {},
      'OPE_ROW_INVALID',
      /missing is x/,
    ],
    ['a propensity as text', TEXT.replace('[0.5,0.25]', '[0.5,"0.25"]'), {}, 'OPE_PROPENSITY_RANGE', /row 0, card 1/],
    [
      'a header that does not speak of a reward model',
      TEXT.replace(JSON.stringify(HEADER), JSON.stringify({ ...HEADER, rewardModel: undefined })),
      {},
      'OPE_ROW_INVALID',
      /line 1: the header says neither which reward model.*export it anew/,
    ],
    [
      'a policy of no name',
      TEXT.replace(JSON.stringify(HEADER), JSON.stringify({ ...HEADER, policies: [null] })),
      {},
      'OPE_ROW_INVALID',
      /line 1: policy 0 of the header has no name; export/,
    ],
    [
      'a policy called as what logged',
      TEXT.replace('"warm"', '"served"'),
      {},
      'OPE_ROW_INVALID',
      /line 1: policy 0.*called/,
    ],
    [
      'no policies at all',
      TEXT.replace('"policies"', '"others"'),
      {},
      'OPE_ROW_INVALID',
      /line 1: the header has no pol/,
    ],
    [
      'an end that does not say what was left out',
      TEXT.replace(',"leftOut":{"immature":2}', ''),
      {},
      'OPE_ROW_INVALID',
      /line 3: the end does not say by numbers what was left out; export/,
    ],
    [
      'an end without a count',
      TEXT.replace('"decisions":1', '"decisions":"1"'),
      {},
      'OPE_ROW_INVALID',
      /end says 1 dec/,
    ],
    ['more after its end', `${TEXT}\n${JSON.stringify(DECISION)}`, {}, 'OPE_ROW_INVALID', /stands after the end/],
  ] as const)('refuses %s, with where and what to do', async (_, text, reading, code, message) => {
    const whole = read(text, reading);
    await expect(whole).rejects.toMatchObject({ code });
    await expect(whole).rejects.toThrow(message);
  });

  it('refuses to guess between policies, and a file that is not there', async () => {
    const two = { ...HEADER, policies: [...HEADER.policies, { ...HEADER.policies[0], name: 'cool' }] };
    await expect(read(TEXT.replace(JSON.stringify(HEADER), JSON.stringify(two)))).rejects.toThrow(
      /several policies.*served, warm, cool/,
    );
    await expect(readEvaluationLog(join(folder, 'none.ope.jsonl'))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(readEvaluationLog('-')).rejects.toThrow(/more than once/);
  });
});
