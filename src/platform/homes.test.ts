import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock, ShelfwiseError } from '../base/index.ts';
import type { Page } from '../domain/index.ts';
import { dataDirPaths, openLmdbStore } from '../store/index.ts';
import type { Platform } from './open.ts';
import { fittedDir, open, removeDirs, START_MS } from './platform-testing.ts';
import type { HomeQuery } from './service.ts';

afterEach(removeDirs);

async function ask(platform: Platform, listenerId: string, query: Partial<HomeQuery> = {}): Promise<Page> {
  const bytes = await platform.home(listenerId, { device: 'desktop', explain: false, fresh: false, ...query });
  return JSON.parse(Buffer.from(bytes).toString()) as Page;
}

const cursorOf = (page: Page): string => page.nextCursor ?? 'there is none';

let serial = 0;
const eventOf = (type: string, listenerId: string, more: object) => ({
  eventId: `homes-${serial++}`,
  type,
  listenerId,
  occurredAt: new Date(START_MS).toISOString(),
  ...more,
});

describe('the cursor of a private page', () => {
  it('writes nothing down, also where the request that brings it does not say that it is private', async () => {
    const dir = await fittedDir();
    const platform = await open(dir, manualClock(START_MS));
    const page = await ask(platform, 'l1', { isPrivate: true, limit: 2 });
    const rest = await ask(platform, 'l1', { cursor: cursorOf(page) });
    expect(rest.decisionId).toBe(page.decisionId);
    await platform.close();
    const log = dataDirPaths(dir).log('decisions');
    const bytes = readdirSync(log).map((file) => readFileSync(join(log, file), 'latin1'));
    expect(bytes.join('')).not.toContain(page.decisionId);
  });

  it('goes on with the page of a listener who is not known', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    const page = await ask(platform, 'nobody', { isPrivate: true, limit: 1 });
    const rest = await ask(platform, 'nobody', { isPrivate: true, cursor: cursorOf(page) });
    expect(rest.decisionId).toBe(page.decisionId);
    expect((await ask(platform, 'nobody', { isPrivate: true })).decisionId).toBe(page.decisionId);
    expect(platform.getListener('nobody')).toBeUndefined();
    await platform.close();
  });
});

describe('the cursor of a page', () => {
  it('is over when its listener wants no profile any more', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    const cursor = cursorOf(await ask(platform, 'l1', { limit: 2 }));
    await ask(platform, 'l1', { cursor });
    await expect(ask(platform, 'l1', { cursor, profiling: false })).rejects.toThrow(/CURSOR_EXPIRED|cursor/i);
    await platform.putListener('l1', { profiling: false });
    await expect(ask(platform, 'l1', { cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    await platform.close();
  });

  it('is over when a shelf of the page was hidden', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    const page = await ask(platform, 'l1', { limit: 1 });
    const cursor = cursorOf(page);
    const below = (await ask(platform, 'l1', { cursor })).shelves;
    await platform.ingest([eventOf('hide', 'l1', { shelfId: below[below.length - 1].kind })]);
    await expect(ask(platform, 'l1', { cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    await platform.close();
  });
});

describe('a row that is named by an item', () => {
  const CAR = { device: 'car' } as const;
  const namedIn = (page: Page) => page.shelves.find(({ kind }) => kind === 'more-like');
  /** A page that stands with a row about an item which is on no card of it. */
  async function drawn(): Promise<{ platform: Platform; page: Page; row: Page['shelves'][number]; seed: string }> {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    await platform.putListener('picky', { onboardingPicks: ['artist:1', 'artist:4'] });
    for (let tries = 0; tries < 500; tries++) {
      const page = await ask(platform, 'picky', { ...CAR, fresh: true });
      const row = namedIn(page);
      if (row === undefined) continue;
      const seed = row.id.slice('more-like:'.length);
      if (page.shelves.every(({ cards }) => cards.every(({ id }) => id !== seed))) return { platform, page, row, seed };
    }
    throw new ShelfwiseError('BUG', 'none of 500 pages has such a row');
  }

  it('is not sent again once the item is deleted', async () => {
    const { platform, page, row, seed } = await drawn();
    expect((await ask(platform, 'picky', CAR)).decisionId).toBe(page.decisionId);
    await platform.deleteItem(seed);
    const after = await ask(platform, 'picky', CAR);
    expect(after.shelves.map(({ id }) => id)).not.toContain(row.id);
    await platform.close();
  });

  it('goes when the item is hidden, also where the row was seen', async () => {
    const { platform, page, row, seed } = await drawn();
    const reference = { decisionId: page.decisionId, shelfRank: page.shelves.indexOf(row) };
    await platform.ingest([eventOf('impression', 'picky', { reference }), eventOf('hide', 'picky', { itemId: seed })]);
    const after = await ask(platform, 'picky', CAR);
    expect(after.shelves.map(({ id }) => id)).not.toContain(row.id);
    await platform.close();
  });
});

describe('an item that was withdrawn', () => {
  it('is on no Home after a restart either, before the columns know of it', async () => {
    const dir = await fittedDir();
    const clock = manualClock(START_MS);
    let platform = await open(dir, clock);
    const idsOf = (page: Page) => page.shelves.flatMap(({ cards }) => cards.map(({ id }) => id));
    const [gone, elsewhere] = idsOf(await ask(platform, 'l1'));
    await platform.deleteItem(gone);
    const item = platform.getItem(elsewhere);
    await platform.upsertItems([{ ...item, markets: ['JP'] }]);
    await platform.close();
    platform = await open(dir, clock);
    for (let i = 0; i < 5; i++) {
      const ids = idsOf(await ask(platform, 'l1', { fresh: true }));
      expect(ids).not.toContain(gone);
      expect(ids).not.toContain(elsewhere);
    }
    // The columns know of it now, and nothing is noted any more.
    await platform.fit({});
    await platform.close();
    const store = openLmdbStore({ dir: dataDirPaths(dir).online });
    const notes = [...store.range('items-behind', {})];
    await store.close();
    expect(notes).toEqual([]);
    platform = await open(dir, clock);
    expect(idsOf(await ask(platform, 'l1', { fresh: true }))).not.toContain(gone);
    await platform.close();
  });
});

describe('a policy that is switched off', () => {
  it('degrades the pages that it would have drawn, and not those of who gets popularity anyway', async () => {
    const degradedOf = async (popularityHoldout: number, query: Partial<HomeQuery> = {}): Promise<boolean> => {
      const platform = await open(await fittedDir(), manualClock(START_MS), { popularityHoldout });
      await platform.setSwitches([{ target: 'policy:plackett-luce', on: false }]);
      const { policy, degraded } = await ask(platform, 'l1', query);
      await platform.close();
      expect(policy).toBe('popularity');
      return degraded;
    };
    expect(await degradedOf(0)).toBe(true);
    expect(await degradedOf(1)).toBe(false);
    expect(await degradedOf(0, { profiling: false })).toBe(false);
  });
});
