import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/index.ts';
import { type BanditFeedback, type DecisionToExchange, toExchange } from '../../exchange/index.ts';
import { openPlatform, type Platform } from '../../platform/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-dsjson-'));
const DECISIONS = 12;
let platform: Platform;

beforeAll(async () => {
  platform = await openPlatform({ dataDir: join(folder, 'data') });
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
  const nowMs = systemClock.nowMs();
  await platform.ingest(
    Array.from({ length: 60 }, (_, i) => ({
      eventId: `seed-${i}`,
      listenerId: `l${i % 3}`,
      type: 'play',
      itemId: `t${i % 30}`,
      occurredAt: new Date(nowMs - (i + 1) * 3_600_000).toISOString(),
      playedMs: 60_000,
    })),
  );
  await platform.fit({});
  for (let i = 0; i < DECISIONS; i++)
    await platform.home(`l${i % 4}`, { device: 'phone', explain: false, fresh: true });
}, 60_000);
afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: readonly string[]) =>
  runForTest(args, {
    cwd: folder,
    clock: systemClock,
    columns: 100,
    openPlatform: async () => ({ ...platform, close: async () => undefined }),
  });

function linesOf<T>(file: string): readonly T[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

describe('export dsjson, then import dsjson', () => {
  it('is the identity on decisions and their propensities', async () => {
    const { code, out } = await run('export', 'dsjson', '--out', 'all.dsjson', '--json');
    expect([code, JSON.parse(out)]).toEqual([EXIT.ok, { decisions: DECISIONS, gone: 0, out: 'all.dsjson' }]);
    const read = await run(
      'import',
      'dsjson',
      'all.dsjson',
      '--decisions',
      'back.jsonl',
      '--out',
      'table.jsonl',
      '--json',
    );
    expect(read.code).toBe(EXIT.ok);
    const report = JSON.parse(read.out);
    expect(report).toMatchObject({ events: DECISIONS, ownDecisions: DECISIONS, bad: 0, lines: DECISIONS });

    const ids = [...(await platform.recentDecisions(100))].reverse();
    const recorded = await Promise.all(
      ids.map(async (id) => toExchange((await platform.decision(id)) as unknown as DecisionToExchange)),
    );
    expect(linesOf<DecisionToExchange>('back.jsonl')).toEqual(recorded);
    const propensities = recorded.flatMap(({ rows }) =>
      rows.flatMap((row) => [row.propensity, ...row.cards.map((card) => card.propensity)]),
    );
    expect(propensities.length).toBeGreaterThan(20 * DECISIONS);
    expect(propensities.some((p) => p < 1)).toBe(true);
    const table = linesOf<BanditFeedback>('table.jsonl');
    expect(report.rows).toBe(propensities.length);
    expect(table.map(({ probability }) => probability)).toEqual(propensities);
    for (const { eligible, action } of table) expect(eligible).toContain(action);
  });

  it('goes to standard output, the newest of a span', async () => {
    const all = await run('export', 'dsjson');
    const lines = all.out.trimEnd().split('\n');
    expect(lines).toHaveLength(DECISIONS);
    expect((await run('export', 'dsjson', '--last', '3')).out.trimEnd().split('\n')).toEqual(lines.slice(-3));
    expect((await run('export', 'dsjson', '--span', '1h')).out === all.out).toBe(true);
    expect((await run('export', 'dsjson', '--span', '2020-01-01..2020-02-01')).out).toBe('');
    expect(await run('export', 'dsjson', '--span', 'yesterday')).toMatchObject({ code: EXIT.usage });
  });

  it('pages through decisions before an id', async () => {
    const all = await platform.recentDecisions(100);
    expect(await platform.recentDecisions(2, all[3])).toEqual(all.slice(4, 6));
  });
});

describe('import dsjson', () => {
  it('tells what is bad by line, and exits with a finding', async () => {
    writeFileSync(join(folder, 'bad.dsjson'), '{"c":{"_multi":[{}]}}\n{"c":\n');
    const { code, out } = await run('import', 'dsjson', 'bad.dsjson');
    expect(code).toBe(EXIT.finding);
    expect(out).toMatch(/1 events in 2 lines/);
    expect(out).toMatch(/line 2: the line is not JSON/);
  });

  it('leaves no file behind when there is nothing to read', async () => {
    const { code, err } = await run('import', 'dsjson', 'none.dsjson', '--out', 'none.parquet');
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(/there is no file/);
    expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([]);
  });

  it('reads standard input in a process of its own', () => {
    const main = join(import.meta.dirname, '../main.ts');
    const line =
      '{"_label_cost":-1,"_label_probability":0.5,"_labelIndex":0,"a":[1,2],"p":[0.5,0.5],"c":{"_multi":[{},{}]}}\n';
    const out = execFileSync(process.execPath, [main, 'import', 'dsjson', '-', '--json'], {
      input: line.repeat(2500),
      encoding: 'utf8',
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    expect(JSON.parse(out)).toMatchObject({ events: 2500, labelled: 2500, rows: 2500 });
  });

  it('waits for a pipe whose other end is slow', async () => {
    const main = join(import.meta.dirname, '../main.ts');
    const line =
      '{"_label_cost":-1,"_label_probability":0.5,"_labelIndex":0,"a":[1,2],"p":[0.5,0.5],"c":{"_multi":[{},{}]}}';
    const slow = `sleep 1.5; echo '${line}'; sleep 0.3; echo '${line}'`;
    const command = `(${slow}) | '${process.execPath}' '${main}' import dsjson - --json 2>/dev/null`;
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ events: 2, bad: 0 });
  });
});
