import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { openPlatform, type Platform } from '../platform/index.ts';
import { type CliOutcome, runForTest } from './cli-testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-cli-alerts-'));
const clock = manualClock(Date.parse('2026-11-24T12:00:00Z'));
let platform: Platform;

beforeAll(async () => {
  platform = await openPlatform({
    dataDir: join(folder, 'data'),
    clock,
    examineEveryMs: 0,
    alerts: { routes: [{ to: 'webhook', name: 'on call', url: 'http://127.0.0.1:9/', secretsFrom: ['NOT_SET'] }] },
  });
});
afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true });
});

const shelfwise = (...args: string[]): Promise<CliOutcome> =>
  runForTest(['--data', join(folder, 'data'), ...args], {
    cwd: folder,
    clock,
    openPlatform: async () => ({ ...platform, close: async () => undefined }),
  });

describe('shelfwise alerts', () => {
  it('lists what fires, the rules, and routes with what is wrong with them', async () => {
    const { code, out } = await shelfwise('alerts', 'list');
    expect(code).toBe(0);
    expect(out).toContain('Nothing fires.');
    expect(out).toMatch(/data errors +anomaly, error or worse +default +log/);
    expect(out).toContain('on call (webhook): not in the environment: NOT_SET');
    expect(JSON.parse((await shelfwise('alerts', 'list', '--json')).out)).toMatchObject({ alerts: [], silences: [] });
    expect((await shelfwise('alerts', 'history')).out).toBe('There was none.\n');
  });

  it('silences for a while, and ends that', async () => {
    const made = await shelfwise(
      'alerts',
      'silence',
      '--slice',
      'tier_*',
      '--for',
      '12h',
      '--reason',
      'backfill',
      '--author',
      'Ada',
    );
    expect(made.code).toBe(0);
    expect(made.out).toContain('Silent until 2026-11-25 00:00Z: slice tier_* (Ada: backfill)');
    const id = /unsilence (\w+)/.exec(made.out)?.[1] ?? '';
    expect((await shelfwise('alerts', 'list')).out).toContain(id);
    expect((await shelfwise('alerts', 'unsilence', id)).out).toBe(`The silence ${id} has ended.\n`);
    const again = await shelfwise('alerts', 'unsilence', id);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('List the silences') });
  });

  it.each([
    [['silence', '--for', '12h', '--reason', 'x', '--author', 'Ada'], 'say what is silenced'],
    [['silence', '--rule', 'x', '--for', 'ever', '--reason', 'x', '--author', 'Ada'], 'such as 30m, 12h, 7d'],
    [['silence', '--rule', 'x', '--for', '1h', '--reason', 'x'], '--author'],
    [['silence', '--rule', 'x', '--for', '1h'], '--reason'],
    [['test', 'nowhere'], 'on call'],
  ])('says what it needs: %j', async (args, told) => {
    const { code, err } = await shelfwise('alerts', ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(told)]);
  });

  it('tests the routes, and says which do not work', async () => {
    const { code, out } = await shelfwise('alerts', 'test');
    expect(out).toBe('ok      log\nFAILED  on call: not in the environment: NOT_SET\n');
    expect(code).toBe(1);
  });
});

describe('shelfwise data validate without files', () => {
  it.each([
    [['--schema', 'x.pbtxt'], '--schema is of files'],
    [['--previous-version', 'x.pbtxt'], '--previous-version is of files'],
    [['--environment', 'STAGING'], 'there are TRAINING, EVALUATION, SERVING'],
    [['--events', 'purchase'], 'there are rendered, impression'],
    [['--events', '--environment', 'TRAINING'], 'give one of them'],
    [['--stats', 'x.pbtxt'], '--stats wants --schema'],
    [['--stats', 'x.pbtxt', '--schema', 'y.pbtxt', '--span', '2026-11-20'], '--span and --events'],
    [['--span', 'yesterday'], 'span'],
    [['--span', '2026-02-30'], 'neither a day'],
  ])('says what it needs: %j', async (args, told) => {
    const { code, err } = await shelfwise('data', 'validate', ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(told)]);
  });

  it('says when there is no data', async () => {
    const { code, err } = await shelfwise('data', 'validate', '--span', '2026-11-20');
    expect([code, err]).toEqual([1, expect.stringContaining('2026-11-20 has no data')]);
  });
});
