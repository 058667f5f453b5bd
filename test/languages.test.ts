/** What Home says, over HTTP: the same listener in four languages, plurals, badges, progress, a child's page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../src/base/index.ts';
import type { Item, ListenerProfile, Page, PageCard, PageShelf } from '../src/domain/index.ts';
import { CAST, type DemoWorld } from '../src/simulation/index.ts';
import { playOf, type ServerProcess, smallWorld, startServer } from './support.ts';

const LANGUAGES = ['en', 'de-CH', 'es', 'sv'] as const;

let world: DemoWorld;
let server: ServerProcess;
let items: ReadonlyMap<string, Item>;

beforeAll(async () => {
  const made = await smallWorld('languages');
  world = made.world;
  items = new Map([...world.items()].map((item) => [item.id, item]));
  server = await startServer(made.dataDir, { learnEveryMs: 0 });
});
afterAll(async () => {
  await server.stop();
});

const profileOf = (id: string): ListenerProfile => CAST.find((member) => member.id === id)?.profile ?? {};

/** A new Home of a listener whose profile says this. */
async function homeAs(id: string, profile: ListenerProfile): Promise<Page> {
  const put = await server.call('PUT', `/v1/listeners/${id}`, profile);
  expect(put.status).toBe(200);
  return server.home(id, 'fresh=true&device=desktop');
}

const shelf = (page: Page, kind: string): PageShelf | undefined => page.shelves.find((one) => one.kind === kind);
const cardsOf = (page: Page): PageCard[] => page.shelves.flatMap(({ cards }) => cards);

/** Asks until a page has the shelf: most are drawn, and the catalogue follows its items within a second. */
async function until(ask: () => Promise<Page>, kind: string): Promise<PageShelf> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; ) {
    const found = shelf(await ask(), kind);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no shelf ${kind}`);
}

describe('the same listener in four languages', () => {
  const pages = new Map<string, Page>();
  beforeAll(async () => {
    for (const language of LANGUAGES)
      pages.set(language, await homeAs('demo-german', { ...profileOf('demo-german'), language }));
  });
  const inAll = <T>(read: (page: Page) => T): T[] => LANGUAGES.map((language) => read(pages.get(language) as Page));

  it('is told why shelves are there in their own words', () => {
    expect(inAll((page) => shelf(page, 'recently-played')?.title)).toEqual([
      'Recently played',
      'Zuletzt gehört',
      'Escuchado recientemente',
      'Nyligen spelat',
    ]);
    expect(inAll((page) => shelf(page, 'heavy-rotation')?.reason)).toEqual([
      'What you have played most in the last four weeks',
      'Was du in den letzten vier Wochen am meisten gehört hast',
      'Lo que más has escuchado en las últimas cuatro semanas',
      'Det du har lyssnat mest på de senaste fyra veckorna',
    ]);
  });

  it('is told what a shelf is about by the name that the catalogue has', async () => {
    const words = ['More like ', 'Mehr wie ', 'Más como ', 'Mer som '];
    for (const [i, language] of LANGUAGES.entries()) {
      await homeAs('demo-german', { ...profileOf('demo-german'), language });
      const row = await until(() => server.home('demo-german', 'fresh=true&device=desktop'), 'more-like');
      expect(row.title).toBe(words[i] + items.get(row.id.slice('more-like:'.length))?.title);
    }
  });

  it('gets the same cards, and reads what they are', () => {
    // What heads a row of fact is held for it; what follows depends on what else was drawn.
    const heads = inAll((page) => shelf(page, 'heavy-rotation')?.cards.slice(0, 3));
    expect(heads[0]).toHaveLength(3);
    for (const head of heads) expect(head?.map(({ id }) => id)).toEqual(heads[0]?.map(({ id }) => id));
    const words: Record<string, readonly string[]> = {
      artist: ['Artist', 'Künstler', 'Artista', 'Artist'],
      album: ['Album', 'Album', 'Álbum', 'Album'],
      playlist: ['Playlist', 'Playlist', 'Lista', 'Spellista'],
    };
    const met = new Set<string>();
    for (const [i, page] of inAll((one) => one).entries()) {
      for (const { kind, subtitle } of cardsOf(page)) {
        if (!(kind in words)) continue;
        met.add(kind);
        expect(subtitle.split(' · ')[0]).toBe(words[kind][i]);
      }
    }
    expect(met).toEqual(new Set(Object.keys(words)));
  });

  it('reads a page that is served again as it was', async () => {
    const profile = { ...profileOf('demo-german'), language: 'sv' };
    await server.call('PUT', '/v1/listeners/demo-german', profile);
    const url = '/v1/listeners/demo-german/home?device=tv&session=evening';
    const first = await server.call<Page>('GET', url);
    const again = await server.call<Page>('GET', url);
    expect(again.json.decisionId).toBe(first.json.decisionId);
    expect(again.text).toBe(first.text);
    expect(shelf(again.json, 'recently-played')?.title).toBe('Nyligen spelat');
  });
});

it('speaks English to those whose language it does not know, and says "in your market" only where there is one', async () => {
  const popular = () => until(() => server.home('demo-nowhere', 'fresh=true&device=desktop'), 'popular');
  expect((await popular()).title).toBe('Popular now');
  const brazil = await server.home('demo-brazil', 'fresh=true&device=desktop');
  expect(shelf(brazil, 'recently-played')?.title).toBe('Recently played');
  await homeAs('demo-nowhere', { tier: 'premium', language: 'de' });
  expect((await popular()).title).toBe('Gerade beliebt');
  await homeAs('demo-nowhere', { tier: 'premium', language: 'de', market: 'SE' });
  expect((await popular()).title).toBe('Beliebt in deinem Land');
});

it('counts days as each language does', async () => {
  const nowMs = Date.now();
  const show: Item = {
    id: 'plural-show',
    kind: 'show',
    title: 'Plural',
    creators: [{ id: 'pub', name: 'A Publisher' }],
  };
  const episodes = [0, 1, 3].map(
    (days): Item => ({
      id: `plural-${days}`,
      kind: 'episode',
      title: `Out ${days} days ago`,
      parentId: show.id,
      releasedAt: new Date(nowMs - days * DAY_MS - 60_000).toISOString(),
      durationMs: 1_800_000,
    }),
  );
  expect((await server.call('PUT', '/v1/items', { items: [show, ...episodes] })).status).toBe(200);
  const words: Record<string, readonly string[]> = {
    en: ['Out today', 'Out yesterday', 'Out 3 days ago'],
    'de-CH': ['Heute erschienen', 'Gestern erschienen', 'Vor 3 Tagen erschienen'],
    es: ['Publicado hoy', 'Publicado ayer', 'Publicado hace 3 días'],
    sv: ['Släpptes i dag', 'Släpptes i går', 'Släpptes för 3 dagar sedan'],
  };
  for (const language of LANGUAGES) {
    const id = `plural-${language}`;
    await homeAs(id, { language, market: 'SE' });
    await server.send([
      {
        eventId: `follow-${id}`,
        listenerId: id,
        type: 'follow',
        occurredAt: new Date().toISOString(),
        itemId: show.id,
        device: 'phone',
      },
    ]);
    const row = await until(() => server.home(id, 'fresh=true'), 'your-shows');
    expect(row.cards.map(({ id: card }) => card)).toEqual(episodes.map(({ id: card }) => card));
    expect(row.cards.map(({ reason }) => reason)).toEqual(words[language]);
  }
});

it('marks what is new and what is explicit, on every card of the cast and on no other', async () => {
  const met = { new: 0, explicit: 0, calm: 0 };
  for (const { id } of CAST) {
    const page = await server.home(id, 'fresh=true&device=desktop');
    const nowMs = Date.now();
    for (const { id: cardId, badges, sponsored } of cardsOf(page)) {
      const item = items.get(cardId);
      if (item === undefined) continue;
      const ageMs = nowMs - Date.parse(item.releasedAt ?? '');
      // A card may cross the line while the page is on its way.
      if (Math.abs(ageMs - 14 * DAY_MS) > 60_000)
        expect(badges.includes('new')).toBe(ageMs >= 0 && ageMs < 14 * DAY_MS);
      expect(badges.includes('explicit')).toBe(item.explicit === true);
      expect(sponsored).toBe(badges.includes('sponsored'));
      if (badges.includes('new')) met.new++;
      else if (badges.includes('explicit')) met.explicit++;
      else met.calm++;
    }
  }
  expect(Math.min(met.new, met.explicit, met.calm)).toBeGreaterThan(3);
});

it('shows how far begun episodes are and what is left of them, until they are heard', async () => {
  const begun = async (): Promise<PageCard[]> => {
    const page = await server.home('demo-unfinished', 'fresh=true');
    return (shelf(page, 'your-shows')?.cards ?? []).filter(({ badges }) => badges.includes('unfinished'));
  };
  const cards = await begun();
  expect(cards.length).toBeGreaterThanOrEqual(4);
  for (const { id, kind, progress, subtitle } of cards) {
    expect(kind).toBe('episode');
    expect(progress).toBeGreaterThan(0.05);
    expect(progress).toBeLessThan(0.95);
    const item = items.get(id);
    const left = Math.round(((1 - (progress ?? 0)) * (item?.durationMs ?? 0)) / 60_000);
    const [title, words] = [items.get(item?.parentId ?? '')?.title, subtitle.split(' · ').at(-1)];
    expect(subtitle.startsWith(`${title} · `)).toBe(true);
    // Progress is told in thousandths.
    expect(Math.abs(Number(/^(\d+) min kvar$/.exec(words ?? '')?.[1]) - left)).toBeLessThanOrEqual(1);
  }
  const [first] = cards;
  const durationMs = items.get(first.id)?.durationMs ?? 0;
  await server.send([playOf('heard', 'demo-unfinished', first.id, { playedMs: durationMs, durationMs })]);
  const after = await begun();
  expect(after.map(({ id }) => id)).not.toContain(first.id);
  expect(after.length).toBeGreaterThanOrEqual(cards.length - 1);
});

it('gives a child a page in their language without anything explicit', async () => {
  for (const device of ['phone', 'desktop', 'tv']) {
    const page = await server.home('demo-kid', `fresh=true&device=${device}`);
    expect(page.shelves.length).toBeGreaterThan(2);
    expect(shelf(page, 'recently-played')?.title).toBe('Nyligen spelat');
    for (const { id, badges } of cardsOf(page)) {
      expect(badges).not.toContain('explicit');
      expect(items.get(id)?.explicit ?? false).toBe(false);
    }
  }
});

it('says in the language of its listener that a place is paid for', async () => {
  const album = [...items.values()].find(({ kind, markets, tiers }) => kind === 'album' && !markets && !tiers) as Item;
  const put = await server.call('PUT', '/v1/campaigns/sponsored', {
    title: { en: 'Brought to you', de: 'Für dich' },
    items: [album.id],
    startsAt: new Date(Date.now() - DAY_MS).toISOString(),
    endsAt: new Date(Date.now() + DAY_MS).toISOString(),
    pinnedRank: 1,
    sponsor: 'Somebody',
  });
  expect(put.status).toBe(200);
  const row = await until(() => server.home('demo-podcasts', 'fresh=true&device=desktop'), 'from-our-editors');
  expect(row).toMatchObject({ title: 'Für dich', reason: 'Präsentiert von Somebody', label: 'Anzeige', rank: 1 });
  expect(row.cards[0]).toMatchObject({ id: album.id, sponsored: true });
  expect(row.cards[0].badges).toContain('sponsored');
});
