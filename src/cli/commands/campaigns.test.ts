import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { openPlatform, type Platform } from '../../platform/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-campaigns-'));
let real: Platform;
beforeAll(async () => {
  real = await openPlatform({ dataDir: join(folder, 'data') });
});
afterAll(async () => {
  await real.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) =>
  runForTest(args, {
    cwd: tmpdir(),
    clock: manualClock(Date.parse('2026-07-01T00:00:00Z')),
    openPlatform: async () => ({ ...real, close: async () => undefined }),
  });

const summer = {
  id: 'summer',
  title: { en: 'Songs of summer' },
  items: ['album-1', 'track-9'],
  startsAt: '2026-06-01T00:00:00Z',
  endsAt: '2026-09-01T00:00:00Z',
};
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('shelfwise campaigns', () => {
  it('puts the campaign of a file, lists it and deletes it, in words', async () => {
    expect(await run('campaigns', 'list')).toMatchObject({ code: EXIT.ok, out: 'There are no campaigns.\n' });
    const path = file('summer.json', JSON.stringify({ ...summer, sponsor: 'Acme', pinnedRank: 0 }));
    expect((await run('campaigns', 'put', path)).out).toBe(
      'summer is created; the catalogue does not hold album-1, track-9\n',
    );
    expect((await run('campaigns', 'list')).out).toBe(
      'summer  Songs of summer  (2 items, until 2026-09-01T00:00:00Z, pinned to rank 0, sponsored by Acme)\n',
    );
    expect((await run('campaigns', 'delete', 'summer')).out).toBe('summer is off every Home\n');
  });

  it('puts a list of them, and says when each runs', async () => {
    const list = [
      { ...summer, audience: { markets: ['SE'] } },
      { ...summer, id: 'autumn', startsAt: '2026-09-01T00:00:00Z', endsAt: '2026-12-01T00:00:00Z' },
      { ...summer, id: 'spring', startsAt: '2026-03-01T00:00:00Z', endsAt: '2026-06-01T00:00:00Z' },
    ];
    const { out } = await run('--json', 'campaigns', 'put', file('list.json', JSON.stringify(list)));
    expect(JSON.parse(out)).toMatchObject({
      campaigns: [{ fate: 'created' }, { fate: 'created' }, { fate: 'created' }],
    });
    const lines = (await run('campaigns', 'list')).out;
    expect(lines).toMatch(/^autumn .*from 2026-09-01/m);
    expect(lines).toMatch(/^spring .*over since 2026-06-01/m);
    expect(lines).toMatch(/^summer .*for \{"markets":\["SE"\]\}/m);
  });

  it('says what is wrong with a file, a field or an id', async () => {
    const wrong = async (...args: string[]) => {
      const { code, err } = await run('campaigns', ...args);
      expect(code).not.toBe(EXIT.ok);
      return err;
    };
    expect(await wrong('put', join(folder, 'nowhere.json'))).toContain('does not read as JSON');
    expect(await wrong('put', file('no-id.json', JSON.stringify([summer, { title: {} }])))).toContain('campaign 2');
    expect(await wrong('put', file('late.json', JSON.stringify({ ...summer, endsAt: summer.startsAt })))).toContain(
      '/endsAt must be later than startsAt',
    );
    expect(await wrong('put', file('odd.json', JSON.stringify({ ...summer, colour: 'red' })))).toContain('/colour');
    expect(await wrong('delete', 'never')).toContain('No campaign has this id');
  });
});
