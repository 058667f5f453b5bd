import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../base/index.ts';
import { resolveProfile } from '../../domain/index.ts';
import { createEncoder, homeFeatures } from '../../features/index.ts';
import { emptyState } from '../../signals/index.ts';
import { createDecider } from '../decide.ts';
import { recompute } from '../replay.ts';
import type { HomeInput } from '../request.ts';
import {
  calmListener,
  campaignsOf,
  catalog,
  epochs,
  listen,
  NOW,
  number,
  offered,
  seedsOf,
  serve,
  tell,
  tunables,
} from './shelves-testing.ts';

const tasteOf = (id: string): number => Number(id.split(':')[1]) % 3;

describe('Your shows', () => {
  it('begins with what waits for its end, touched last first; then come new episodes of followed shows, newest first', async () => {
    const state = emptyState();
    listen(state, 'episode:5:60', 10, 3);
    listen(state, 'episode:7:10', 12, 1);
    tell(state, { type: 'follow', itemId: 'show:9' });
    expect(offered(await serve(state), 'your-shows')).toEqual([
      'episode:7:10',
      'episode:5:60',
      'episode:9:2',
      'episode:9:10',
    ]);
  });

  it('leaves out what was only looked into, what was heard to its end, and what was left three months ago', async () => {
    const state = emptyState();
    listen(state, 'episode:5:60', 1, 3);
    listen(state, 'episode:6:60', 29, 3);
    listen(state, 'episode:7:60', 15, 91);
    listen(state, 'episode:8:60', 15, 89);
    expect(offered(await serve(state), 'your-shows')).toEqual(['episode:8:60']);
  });

  it('shows an episode once that is new and begun, at its place among the begun; and not when it was heard', async () => {
    const state = emptyState();
    tell(state, { type: 'follow', itemId: 'show:9' });
    listen(state, 'episode:9:10', 15, 0.1);
    expect(offered(await serve(state), 'your-shows')).toEqual(['episode:9:10', 'episode:9:2']);
    listen(state, 'episode:9:10', 30, 0.05);
    expect(offered(await serve(state), 'your-shows')).toEqual(['episode:9:2']);
  });

  it('is not there for who follows no show and has begun no episode, and forgets a show that is left or hidden', async () => {
    expect(offered(await serve(calmListener()), 'your-shows')).toBeUndefined();
    const state = emptyState();
    tell(state, { type: 'follow', itemId: 'show:9', daysAgo: 2 });
    tell(state, { type: 'unfollow', itemId: 'show:9' });
    tell(state, { type: 'follow', itemId: 'show:3' });
    tell(state, { type: 'hide', itemId: 'show:3' });
    expect(offered(await serve(state), 'your-shows')).toBeUndefined();
  });

  it('says how long a new episode is out, and stands above what is drawn of the same cards', async () => {
    const state = emptyState();
    tell(state, { type: 'follow', itemId: 'show:9' });
    const { page } = await serve(state);
    const row = page.shelves.find(({ kind }) => kind === 'your-shows');
    expect(row).toMatchObject({ title: 'Your shows', order: 'defined' });
    expect(row?.cards.map(({ id, reason }) => [id, reason])).toEqual([
      ['episode:9:2', 'Out 2 days ago'],
      ['episode:9:10', 'Out 10 days ago'],
    ]);
  });
});

describe('Recently played', () => {
  it('names an episode by its show, once, where it was played last; the begun episode itself stands in Your shows', async () => {
    const state = emptyState();
    tell(state, { itemId: 'track:2', from: 'old:2', daysAgo: 2 });
    listen(state, 'episode:5:60', 10, 3);
    tell(state, { itemId: 'episode:5:10', from: 'show:5', daysAgo: 4 });
    const first = await serve(state);
    expect(offered(first, 'recently-played')).toEqual(['old:2', 'show:5']);
    listen(state, 'episode:5:2', 12, 1);
    const then = await serve(state);
    expect(offered(then, 'recently-played')).toEqual(['show:5', 'old:2']);
    const head = (kind: string) => then.page.shelves.find((row) => row.kind === kind)?.cards[0].id;
    expect([head('recently-played'), head('your-shows')]).toEqual(['show:5', 'episode:5:2']);
  });
});

describe('New releases for you', () => {
  it('holds what artists who are much played, followed or liked have brought out within 60 days', async () => {
    const state = calmListener();
    tell(state, { type: 'follow', itemId: 'artist:22' });
    tell(state, { type: 'like', itemId: 'track:20' });
    const list = offered(await serve(state), 'new-releases') ?? [];
    for (const id of ['new:0', 'new:3', 'new:21', 'new:22', 'new:20', 'single:0']) expect(list).toContain(id);
    for (const id of list) expect(catalog.releaseDay[number(id)]).toBeGreaterThan(Math.floor(NOW / DAY_MS) - 60);
  });

  it('adds what is near the taste, and nothing that is of another taste and of an artist that does not matter', async () => {
    const few = emptyState();
    for (const a of [0, 3, 6, 9]) tell(few, { itemId: `track:${a}`, from: `old:${a}` });
    const list = offered(await serve(few), 'new-releases') ?? [];
    // Artist 21 is of the same taste and was never played.
    expect(list).toContain('new:21');
    for (const id of list) if (id.startsWith('new:')) expect(tasteOf(id)).toBe(0);
  });

  it('leaves out what was played, an album when something was played from it; and comes back with the time asked for', async () => {
    const state = calmListener();
    tell(state, { itemId: 'single:0' });
    tell(state, { itemId: 'track:3', from: 'new:3' });
    const list = offered(await serve(state), 'new-releases') ?? [];
    expect(list).not.toContain('single:0');
    expect(list).not.toContain('new:3');
    const later = offered(await serve(state, { atMs: NOW + 45 * DAY_MS }), 'new-releases') ?? [];
    expect(later).toContain('new:12');
    expect(later).not.toContain('new:15');
    expect(later).not.toContain('new:21');
  });

  it('is for who hears podcasts alone only what whom they follow have brought out', async () => {
    const state = emptyState();
    for (const s of [0, 3, 6]) listen(state, `episode:${s}:10`, 25, 2);
    expect(offered(await serve(state), 'new-releases')).toBeUndefined();
    for (const a of [1, 4, 7]) tell(state, { type: 'follow', itemId: `artist:${a}` });
    expect(offered(await serve(state), 'new-releases')).toEqual(['new:1', 'new:4', 'new:7']);
  });

  it('is not there for somebody of whom nothing is known', async () => {
    expect(offered(await serve(emptyState()), 'new-releases')).toBeUndefined();
  });
});

describe('Shows you might like', () => {
  it('holds shows near those that are listened to, none of which is known', async () => {
    const state = emptyState();
    for (const s of [0, 3, 6]) listen(state, `episode:${s}:10`, 25, 2);
    tell(state, { type: 'follow', itemId: 'show:9' });
    const list = offered(await serve(state), 'shows-you-might-like') ?? [];
    expect(list.length).toBeGreaterThan(4);
    for (const known of ['show:0', 'show:3', 'show:6', 'show:9']) expect(list).not.toContain(known);
    expect(list).toContain('show:12');
    for (const id of list) expect(id).toMatch(/^show:/);
  });

  it('holds shows near the taste for who listens to music alone, and not what is popular', async () => {
    const list = offered(await serve(calmListener()), 'shows-you-might-like') ?? [];
    expect(list.length).toBeGreaterThanOrEqual(4);
    for (const id of list) expect(tasteOf(id)).toBe(0);
  });

  it('falls back to what is popular for podcast listeners alone', async () => {
    const unfitted = { ...epochs, embedding: undefined, nearest: undefined, cohorts: undefined };
    const state = emptyState();
    listen(state, 'episode:1:10', 25, 2);
    const list = offered(await serve(state, { epochs: unfitted }), 'shows-you-might-like') ?? [];
    expect(list.length).toBeGreaterThan(20);
    expect(list).not.toContain('show:1');
    expect(offered(await serve(calmListener(), { epochs: unfitted }), 'shows-you-might-like')).toBeUndefined();
    expect(offered(await serve(emptyState()), 'shows-you-might-like')).toBeUndefined();
  });
});

describe('Because you follow', () => {
  it('is about the artists and shows followed last, two at most, which have no row of More like', async () => {
    const state = calmListener();
    for (const [i, id] of ['artist:31', 'artist:34', 'show:10', 'artist:0'].entries())
      tell(state, { type: 'follow', itemId: id, daysAgo: 9 - i });
    const served = await serve(state);
    expect(seedsOf(served, 'more-like')).toContain('artist:0');
    expect(seedsOf(served, 'because-you-follow').sort()).toEqual(['artist:34', 'show:10']);
  });

  it("holds the artist's own albums that were not heard, and its neighbours", async () => {
    const state = emptyState();
    tell(state, { type: 'follow', itemId: 'artist:1' });
    const list = offered(await serve(state), 'because-you-follow', 'artist:1') ?? [];
    expect(list).toContain('old:1');
    expect(list).toContain('new:1');
    expect(list.filter((id) => !id.startsWith('show')).every((id) => tasteOf(id) === 1)).toBe(true);
    expect(list).not.toContain('artist:1');
    tell(state, { itemId: 'track:1', from: 'old:1' });
    tell(state, { type: 'follow', itemId: 'artist:1', daysAgo: 0 });
    const heard = await serve(state);
    // Now a taste of its own, which has its row already.
    expect(seedsOf(heard, 'more-like')).toEqual(['artist:1']);
    expect(seedsOf(heard, 'because-you-follow')).toEqual([]);
  });

  it('is about the listener of its own Home, also where another Home of the process gave the same id to a decision', async () => {
    const other = emptyState();
    for (let n = 0; n < 4; n++) tell(other, { itemId: 'track:1', from: 'old:1', daysAgo: 1 + n });
    const calm = await serve(calmListener());
    const { decisionId } = calm.record;
    expect(seedsOf(calm, 'more-like')).toHaveLength(3);
    expect(seedsOf(await serve(other, { decisionId }), 'more-like')).toEqual(['artist:1']);
  });

  it('is named by whom it is about, and gone with the follow', async () => {
    const state = emptyState();
    tell(state, { type: 'follow', itemId: 'artist:1', daysAgo: 2 });
    const { page } = await serve(state);
    expect(page.shelves.find(({ id }) => id === 'because-you-follow:artist:1')).toMatchObject({
      title: 'Because you follow Artist 1',
      order: 'policy',
    });
    tell(state, { type: 'unfollow', itemId: 'artist:1' });
    expect(seedsOf(await serve(state), 'because-you-follow')).toEqual([]);
  });
});

describe('Popular with listeners like you', () => {
  it('holds what listeners of a like taste play, without what was played, episodes and songs beside their album', async () => {
    const list = offered(await serve(calmListener()), 'popular-with-like-you') ?? [];
    expect(list.length).toBeGreaterThan(8);
    for (const id of list) expect(tasteOf(id)).toBe(0);
    expect(list).not.toContain('track:0');
    for (const id of list) expect(id).not.toMatch(/^track|^episode/);
  });

  it('is not there without a taste, without cohorts, and for cohorts of another embedding', async () => {
    expect(offered(await serve(emptyState()), 'popular-with-like-you')).toBeUndefined();
    const { cohorts } = epochs;
    if (cohorts === undefined) throw new Error('there are cohorts');
    for (const other of [undefined, { ...cohorts, embeddingHash: 'another' }]) {
      const changes = { epochs: { ...epochs, cohorts: other } };
      expect(offered(await serve(calmListener(), changes), 'popular-with-like-you')).toBeUndefined();
    }
  });
});

describe('Popular', () => {
  const midnight = Math.floor(NOW / DAY_MS) * DAY_MS;
  const at = async (hour: number, changes: Partial<HomeInput> = {}) =>
    offered(await serve(emptyState(), { atMs: midnight + hour * HOUR_MS, ...changes }), 'popular') ?? [];
  const share = (list: readonly string[], taste: number) =>
    list.filter((id) => !id.startsWith('show') && tasteOf(id) === taste).length / list.length;

  it('follows the time of the day in the market', async () => {
    expect(share(await at(8), 0)).toBe(1);
    expect(share(await at(20), 1)).toBe(1);
    expect(share(await at(3), 2)).toBe(1);
  });

  it('falls back to what the market plays at any time, and to the world where the market has played nothing', async () => {
    // Nothing but shows is played around noon.
    const noon = await at(12);
    expect(noon.filter((id) => id.startsWith('show:'))).toHaveLength(36);
    expect(noon.length).toBe(50);
    const elsewhere = await at(8, { market: 'BR', profile: resolveProfile({ market: 'BR' }) });
    expect(elsewhere).toEqual(await at(20, { market: 'BR', profile: resolveProfile({ market: 'BR' }) }));
    expect(elsewhere.length).toBe(50);
  });

  it('gives a cold start five rows or more at every time of the day', async () => {
    for (const hour of [3, 8, 12, 16, 20]) {
      const { page } = await serve(emptyState(), { atMs: midnight + hour * HOUR_MS });
      expect(page.shelves.length).toBeGreaterThanOrEqual(5);
    }
  });
});

describe('From our editors', () => {
  const profile = (more: Parameters<typeof resolveProfile>[0] = {}) =>
    resolveProfile({ market: 'SE', tier: 'premium', language: 'en', ...more });
  const withCampaigns = (...list: Parameters<typeof campaignsOf>) => ({
    epochs: { ...epochs, campaigns: campaignsOf(...list) },
  });
  const rows = ({ page }: Awaited<ReturnType<typeof serve>>) =>
    page.shelves.filter(({ kind }) => kind === 'from-our-editors');

  it('has a row for a campaign, in its order, with its title in the language of the listener', async () => {
    const changes = withCampaigns({ id: 'summer' });
    const served = await serve(emptyState(), changes);
    expect(offered(served, 'from-our-editors')).toEqual(['old:40', 'old:41', 'old:42', 'old:43']);
    const german = await serve(emptyState(), { ...changes, profile: profile({ language: 'de-CH' }) });
    expect(rows(german)[0] ?? rows(served)[0]).toBeDefined();
    for (const row of rows(german)) expect(row).toMatchObject({ id: 'from-our-editors:summer', title: 'Der summer' });
    for (const row of rows(served)) {
      expect(row).toMatchObject({ title: 'The summer', reason: 'Picked by our editors', label: '', order: 'defined' });
      expect(row.cards.every(({ explain, sponsored }) => explain?.forced === true && !sponsored)).toBe(true);
    }
  });

  it('stands at the rank that it is pinned to, forced with all of its cards, on every page', async () => {
    for (let n = 0; n < 12; n++) {
      const { page } = await serve(calmListener(), withCampaigns({ id: 'summer', pinnedRank: 2 }));
      expect(page.shelves[2]).toMatchObject({ kind: 'from-our-editors', explain: { forced: true, propensity: 1 } });
      expect(page.shelves[2].cards.map(({ id }) => id)).toEqual(['old:40', 'old:41', 'old:42', 'old:43']);
    }
  });

  it('draws its place when it is not pinned, and may miss the page; and never a place of Recently played', async () => {
    const ranks = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const { page } = await serve(calmListener(), { ...withCampaigns({ id: 'summer' }), device: 'car' });
      const rank = page.shelves.findIndex(({ kind }) => kind === 'from-our-editors');
      ranks.add(rank);
      if (rank >= 0) expect(page.shelves[rank].explain?.forced).toBe(false);
      for (const kind of ['recently-played', 'heavy-rotation'])
        expect(page.shelves.some((shelf) => shelf.kind === kind)).toBe(true);
    }
    expect(ranks.size).toBeGreaterThan(1);
  });

  it('pins one at most, the one that began last, and has three rows at most', async () => {
    const pinned = (id: string, pinnedRank: number) => ({ id, pinnedRank, items: [`old:${40 + id.length}`] });
    const { page, record } = await serve(
      emptyState(),
      withCampaigns(
        pinned('a', 1),
        pinned('bb', 0),
        { id: 'ccc', items: ['old:50'] },
        { id: 'dddd', items: ['old:51'] },
      ),
    );
    expect(page.shelves[1].id).toBe('from-our-editors:a');
    const eligible = record.shelves.filter(({ shelfId }) => shelfId === 'from-our-editors');
    expect(eligible.map(({ pinnedRank }) => pinnedRank)).toEqual([1, -1, -1]);
  });

  it('keeps clear of rows that were seen, which keep their places', async () => {
    const carried = [{ shelfId: 'popular', seedItem: 0xffffffff, rank: 0, items: [number('old:55')], decisionId: 'D' }];
    const keptRanks = new Map([['heavy-rotation', 1]]);
    const { page } = await serve(calmListener(), {
      ...withCampaigns({ id: 'summer', pinnedRank: 0 }),
      carried,
      keptRanks,
    });
    expect(page.shelves.slice(0, 3).map(({ kind }) => kind)).toEqual(['popular', 'heavy-rotation', 'from-our-editors']);
  });

  it('pins nothing on a page of few rows', async () => {
    const { record } = await serve(emptyState(), { ...withCampaigns({ id: 'summer', pinnedRank: 0 }), device: 'car' });
    const [row] = record.shelves.filter(({ shelfId }) => shelfId === 'from-our-editors');
    expect(row.pinnedRank).toBe(-1);
  });

  it('says that it is paid for, row and cards; and kids do not get it', async () => {
    const changes = withCampaigns({ id: 'ad', pinnedRank: 0, sponsor: 'Acme' });
    const { page } = await serve(emptyState(), changes);
    expect(page.shelves[0]).toMatchObject({ label: 'Sponsored', reason: 'Presented by Acme' });
    for (const card of page.shelves[0].cards) {
      expect(card.sponsored).toBe(true);
      expect(card.badges).toContain('sponsored');
    }
    const kid = await serve(emptyState(), { ...changes, profile: profile({ ageBand: 'kid' }) });
    expect(rows(kid)).toEqual([]);
  });

  it('holds to rights, explicit and hides; and is gone where nothing is left', async () => {
    const all = { id: 'all', pinnedRank: 0, items: ['new-explicit', 'only-in-de', 'nowhere', 'old:40', 'old:43'] };
    const state = emptyState();
    tell(state, { type: 'hide', itemId: 'artist:43' });
    const clean = { ...withCampaigns(all), profile: profile({ explicitAllowed: false }) };
    expect(offered(await serve(state, clean), 'from-our-editors')).toEqual(['old:40']);
    const nothing = { ...withCampaigns({ ...all, items: ['only-in-de', 'old:43'] }) };
    expect(offered(await serve(state, nothing), 'from-our-editors')).toBeUndefined();
  });

  it('runs for its audience and its time alone', async () => {
    const audience = { markets: ['DE'] };
    const changes = withCampaigns({ id: 'german', audience });
    expect(offered(await serve(emptyState(), changes), 'from-our-editors')).toBeUndefined();
    const there = { ...changes, market: 'DE', profile: profile({ market: 'DE' }) };
    expect(offered(await serve(emptyState(), there), 'from-our-editors')).toHaveLength(4);
    const over = { ...there, atMs: NOW + 2 * DAY_MS };
    expect(offered(await serve(emptyState(), over), 'from-our-editors')).toBeUndefined();
  });

  it('replays bit for bit, pinned or drawn', async () => {
    const decider = createDecider(createEncoder(homeFeatures));
    const { counters, embedding, model } = epochs;
    for (let n = 0; n < 20; n++) {
      const changes = withCampaigns(
        { id: 'a', ...(n % 2 === 0 ? { pinnedRank: 1 } : {}) },
        { id: 'b', items: ['old:50'] },
      );
      const { record, view } = await serve(calmListener(), changes);
      const again = recompute(record, view, { catalog, counters, embedding, model, tunables }, decider);
      expect(again.firstDifference).toBeNull();
    }
  });
});
