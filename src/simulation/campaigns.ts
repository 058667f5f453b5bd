/** What the editors of the demo world put on Homes: one row that is pinned, one that is paid for, one for a market alone. */
import { DAY_MS } from '../base/index.ts';
import type { Campaign, Item, ItemKind } from '../domain/index.ts';

/** The demo is looked at for months after it was loaded. */
const RUNS_DAYS = 365;
const CARDS = 12;
/** Where "made in Sweden" is shown. */
const HOME_MARKET = 'SE';

/** The same world gives the same campaigns. */
export function demoCampaigns(items: Iterable<Item>, endMs: number): Campaign[] {
  const open: Item[] = [];
  for (const item of items) {
    // For all of the audience, kids among them, and for every tier.
    if (item.explicit !== true && item.markets === undefined && item.tiers === undefined) open.push(item);
  }
  const when = {
    startsAt: new Date(endMs - DAY_MS).toISOString(),
    endsAt: new Date(endMs + RUNS_DAYS * DAY_MS).toISOString(),
  };
  return [
    {
      id: 'new-and-noted',
      title: { en: 'New and noted', de: 'Neu und gehört', es: 'Nuevo y notable', sv: 'Nytt och noterat' },
      items: onePerCreator(newest(open, 'album')),
      ...when,
      pinnedRank: 1,
      audience: { share: 0.5 },
    },
    {
      id: 'voices-of-autumn',
      title: {
        en: 'Voices of autumn',
        de: 'Stimmen des Herbstes',
        es: 'Voces de otoño',
        sv: 'Höstens röster',
      },
      items: onePerCreator(newest(open, 'show')),
      ...when,
      sponsor: 'Fjord Headphones',
    },
    {
      id: 'around-the-corner',
      title: { sv: 'Runt hörnet', en: 'Around the corner' },
      items: onePerCreator(newest(open, 'playlist')),
      ...when,
      audience: { markets: [HOME_MARKET] },
    },
  ];
}

function newest(items: readonly Item[], kind: ItemKind): Item[] {
  const time = ({ releasedAt }: Item): number => (releasedAt === undefined ? 0 : Date.parse(releasedAt));
  return items.filter((item) => item.kind === kind).sort((a, b) => time(b) - time(a) || (a.id < b.id ? -1 : 1));
}

/** Ids of the first of each creator: a row of one artist would be cut short by the cap. */
function onePerCreator(items: readonly Item[]): string[] {
  const ids: string[] = [];
  const seen = new Set<string>();
  for (const { id, creators } of items) {
    const creator = creators?.[0]?.id ?? id;
    if (seen.has(creator)) continue;
    seen.add(creator);
    ids.push(id);
    if (ids.length === CARDS) break;
  }
  return ids;
}
