import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, type ManualClock, manualClock } from '../../base/index.ts';
import type { Page } from '../../domain/index.ts';
import { openPlatform, type Platform } from '../../platform/index.ts';
import type { ComparisonReport, InsteadReport } from '../../server/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';
import type { EstimateReport } from './ope-estimate.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-ope-log-'));
const LISTENERS = 40;
let platform: Platform;
let clock: ManualClock;
let decision: string;

beforeAll(async () => {
  clock = manualClock(Date.UTC(2026, 10, 1, 12));
  platform = await openPlatform({
    dataDir: join(folder, 'data'),
    clock,
    learnEveryMs: 0,
    popularityHoldout: 0,
  });
  const genres = ['jazz', 'folk', 'techno'];
  await platform.upsertItems(
    Array.from({ length: 80 }, (_, i) => ({
      id: `t${i}`,
      kind: 'track',
      title: `Song ${i}`,
      creators: [{ id: `artist-${i % 12}`, name: `Artist ${i % 12}` }],
      genres: [genres[i % 3]],
    })),
  );
  const past = (i: number): string => new Date(clock.nowMs() - (i + 1) * 3_600_000).toISOString();
  await platform.ingest(
    Array.from({ length: 120 }, (_, i) => ({
      eventId: `seed-${i}`,
      listenerId: `l${i % LISTENERS}`,
      type: 'play',
      itemId: `t${(7 * i) % 80}`,
      occurredAt: past(i),
      playedMs: 60_000,
    })),
  );
  await platform.fit({});
  for (let round = 0; round < 4; round++) {
    for (let l = 0; l < LISTENERS; l++) {
      const listenerId = `l${l}`;
      const bytes = await platform.home(listenerId, { device: 'phone', explain: false, fresh: true });
      const { decisionId, shelves } = JSON.parse(Buffer.from(bytes).toString()) as Page;
      decision = decisionId;
      const common = { listenerId, occurredAt: new Date(clock.nowMs()).toISOString() };
      const reference = { decisionId, shelfRank: 0, cardRank: (l + round) % shelves[0].cards.length };
      const itemId = shelves[0].cards[reference.cardRank].id;
      await platform.ingest([
        { ...common, eventId: `r ${decisionId}`, type: 'rendered', reference: { decisionId } },
        ...(l % 3 === 0
          ? []
          : [{ ...common, eventId: `p ${decisionId}`, type: 'play', itemId, playedMs: 60_000, reference }]),
      ]);
    }
    clock.advance(3_600_000);
  }
  clock.advance(2 * DAY_MS);
}, 120_000);
afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: readonly string[]) =>
  runForTest(args, {
    cwd: folder,
    clock,
    columns: 100,
    openPlatform: async () => ({ ...platform, close: async () => undefined }),
  });

const POLICIES = ['--policies', 'warm=plackett-luce', '--set', 'warm.cardTemperature=0.1'];

describe('ope instead', () => {
  it('shows what another policy would have shown in a decision, with both chances', async () => {
    const { code, out } = await run('ope', 'instead', decision, '--policy', 'served', '--json');
    const same = JSON.parse(out) as InsteadReport;
    expect([code, same.pageWeight, same.decisionId]).toEqual([EXIT.ok, 1, decision]);
    expect(same.insteadPage).toEqual(same.loggedPage);
    const best = JSON.parse((await run('ope', 'instead', decision, '--policy', 'best=greedy', '--json')).out);
    expect(best).toMatchObject({ policy: 'best', draw: 'sampled', whyNot: null });
    expect(best.insteadPage).not.toEqual(best.loggedPage);
    const other = ['ope', 'instead', decision, '--policy', 'other=epsilon-greedy', '--set', 'epsilon=1'];
    const text = (await run(...other, '--draw', 'probable')).out;
    expect(text).toMatch(/shown by plackett-luce +plackett-.+other\n/);
    expect(text).toMatch(/most probable by other instead/);
    expect(text).toMatch(/ {4}Song \d+ +0\.\d{3} +0\.\d{3}\n/);
    expect((await run(...other, '--again', '3', '--json')).out).not.toBe((await run(...other, '--json')).out);
  });

  it('says what there is not', async () => {
    expect((await run('ope', 'instead', '01KDVDNA00000000000000000Z', '--policy', 'greedy')).err).toMatch(
      /no such decision|no decision/i,
    );
    expect((await run('ope', 'instead', decision, '--policy', 'guess')).err).toMatch(/there is no policy "guess"/);
    expect((await run('ope', 'instead', decision, '--policy', 'greedy,uniform')).err).toMatch(/one policy/);
    expect((await run('ope', 'instead', decision, '--policy', 'softmax', '--set', 'colour=1')).err).toMatch(/colour/);
  });
});

describe('export ope, then ope estimate', () => {
  it('tells without the platform what ope compare tells with it', async () => {
    const out = 'all.ope.jsonl.gz';
    const exported = await run('export', 'ope', ...POLICIES, '--span', 'all', '--out', out, '--json');
    expect(exported.code).toBe(EXIT.ok);
    expect(JSON.parse(exported.out)).toMatchObject({ decisions: 4 * LISTENERS, listeners: LISTENERS, out });

    const estimated = await run('ope', 'estimate', '--log', out, '--estimators', 'all', '--json');
    const { estimates, tuning, diagnostics, verdict, format } = JSON.parse(estimated.out) as EstimateReport;
    expect(format).toBe('shelfwise');
    expect(Object.keys(estimates)).toEqual(
      expect.arrayContaining(['ipw', 'snipw', 'dr', 'sndr', 'switch-dr(lambda=1.0)']),
    );
    expect(Object.keys(tuning)).toContain('dr|slope|ub=True');
    expect(estimates['cross-fitted-dr']).toEqual(estimates['dr']);
    expect(Object.keys(estimates)).not.toContain('mrdr');
    const compared = await run(
      ...['ope', 'compare', ...POLICIES, '--span', 'all', '--estimators', 'dr,ipw,snipw,sndr', '--json'],
    );
    const report = JSON.parse(compared.out) as ComparisonReport;
    expect(report.others.map(({ estimator }) => estimator)).toEqual(['ipw', 'snipw', 'sndr']);
    for (const { estimator, overall } of [report, ...report.others]) {
      const [{ value, essShare, weights, verdict: theirs }] = overall.policies;
      expect(value).not.toBeNull();
      expect(Math.abs(estimates[estimator].value - (value ?? 0))).toBeLessThan(1e-9);
      expect(Math.abs(diagnostics.essShare - essShare)).toBeLessThan(1e-9);
      expect(diagnostics.maxWeight).toBe(weights.maxWeight);
      expect(verdict).toBe(theirs);
    }
    expect(diagnostics.n).toBe(report.decisions);

    const served = await run('ope', 'estimate', '--log', out, '--policy', 'served', '--estimators', 'ipw', '--json');
    const own = JSON.parse(served.out) as EstimateReport;
    expect(Math.abs(own.estimates['ipw'].value - report.overall.served.value)).toBeLessThan(1e-12);
  }, 120_000);

  it('prints several estimators beside each other', async () => {
    const { out } = await run('ope', 'compare', ...POLICIES, '--span', 'all', '--estimators', 'snipw,ipw');
    expect(out).toMatch(/by snipw\n[\s\S]*by ipw\n/);
  }, 120_000);

  it('goes to standard output, and leaves no file where it fails', async () => {
    const { out } = await run('export', 'ope', '--span', 'all');
    const lines = out.trimEnd().split('\n');
    expect(JSON.parse(lines[0])).toMatchObject({ shelfwise: 'evaluation log', policies: [] });
    expect(lines).toHaveLength(4 * LISTENERS + 2);
    const bad = await run('export', 'ope', '--policies', 'guess', '--out', 'bad.ope.jsonl');
    expect(bad.code).toBe(EXIT.usage);
    expect(bad.err).toMatch(/there is no policy "guess"/);
    expect((await run('export', 'ope', '--out', 'log.parquet')).err).toMatch(/must end in \.ope\.jsonl/);
    // `ope estimate` would take it for Vowpal Wabbit's.
    const other = await run('export', 'ope', '--span', 'all', '--out', 'log.jsonl.gz');
    expect([other.code, other.err]).toEqual([EXIT.usage, expect.stringMatching(/must end in \.ope\.jsonl or/)]);
    // The name is a folder's: the file cannot be put there at the end.
    mkdirSync(join(folder, 'taken.ope.jsonl'));
    const taken = await run('export', 'ope', '--span', 'all', '--out', 'taken.ope.jsonl');
    expect([taken.code, taken.err]).toEqual([EXIT.usage, expect.stringMatching(/taken\.ope\.jsonl cannot be written/)]);
    expect(readdirSync(folder)).not.toContain('taken.ope.jsonl.partial');
    expect(readdirSync(folder).filter((name) => /^bad|^log/.test(name))).toEqual([]);
  }, 120_000);

  it('says what is wrong with a log', async () => {
    expect((await run('ope', 'estimate', '--log', 'all.ope.jsonl.gz', '--policy', 'cool')).err).toMatch(
      /does not hold "cool"; it is one of served, warm/,
    );
    expect((await run('ope', 'estimate', '--log', 'none.ope.jsonl')).err).toMatch(/there is no file/);
  });
});
