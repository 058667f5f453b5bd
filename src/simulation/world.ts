/** The demo world: a generated catalogue, invented listeners and their history; the same seed gives the same bytes. */
import { DAY_MS, type Rng, requireRange, resolveOptions } from '../base/index.ts';
import type { Campaign, Device, IncomingEvent, Item, ListenerProfile, Page } from '../domain/index.ts';
import { demoCampaigns } from './campaigns.ts';
import { catalogueItems, createCatalogue } from './catalogue.ts';
import { coverSvg } from './covers.ts';
import { createHistory } from './history.ts';
import { createPeople, examination } from './people.ts';
import { createTruth, type ReactionOptions, type RewardContext } from './respond.ts';

export interface DemoWorldOptions {
  /** @default 1 */
  readonly seed?: number | undefined;
  /** Items in the catalogue, roughly: 3% artists, 10% albums, two thirds tracks, the rest playlists, shows and episodes. @default 12500 */
  readonly items?: number | undefined;
  /** @default 2000 */
  readonly listeners?: number | undefined;
  /** Days of history before `endMs`; the last one is the (begun) day of `endMs`. @default 60 */
  readonly days?: number | undefined;
}

export interface DemoWorld {
  readonly seed: number;
  readonly endMs: number;
  readonly days: number;
  readonly itemCount: number;
  readonly listenerCount: number;
  /** Parents before their children. */
  items(): Iterable<Item>;
  listeners(): Iterable<{ readonly id: string; readonly profile: ListenerProfile }>;
  /** In the order of time, all before `endMs`; may be iterated again and gives the same. */
  history(): Iterable<IncomingEvent>;
  /** Cover of any id, as SVG of at most 3 KB; a plain one for an id that is not of this world. */
  coverSvg(itemId: string): string;
  /** What the editors put on Homes. */
  campaigns(): readonly Campaign[];
  /**
   * The truth, for simulations only: probability in [0, 1) that a card which the listener looks at earns its reward.
   * Context matters by time of day and by the drift of tastes. Unknown listeners get the world's mean.
   */
  expectedReward(listenerId: string, itemId: string, context?: RewardContext): number;
  /** The truth: probability that a card at these ranks is looked at. */
  examination(device: Device, shelfRank: number, cardRank: number): number;
  /** What a listener does with a Home: rendered, impressions, selects, plays and skips, each with its reference. */
  respond(listenerId: string, page: Page, rng: Rng, atMs: number, options?: ReactionOptions): IncomingEvent[];
}

const DEFAULTS = { seed: 1, items: 12_500, listeners: 2_000, days: 60 };

/** @throws `OPTION_INVALID` for an unknown option or one out of range. */
export function createDemoWorld(options: DemoWorldOptions & { readonly endMs: number }): DemoWorld {
  const { endMs, ...given } = options;
  const { seed, items, listeners, days } = resolveOptions('demo world', given, DEFAULTS);
  requireRange('demo world', 'seed', seed, 0, 2 ** 40);
  requireRange('demo world', 'items', items, 500, 5_000_000);
  requireRange('demo world', 'listeners', listeners, 0, 2_000_000);
  requireRange('demo world', 'days', days, 1, 730);
  requireRange('demo world', 'endMs', endMs, 800 * DAY_MS, 8.64e15);
  const catalogue = createCatalogue(seed, items, endMs);
  const people = createPeople(seed, listeners, days, catalogue);
  const truth = createTruth(catalogue, people, days);
  return {
    seed,
    endMs,
    days,
    itemCount: catalogue.starts[catalogue.starts.length - 1],
    listenerCount: people.count,
    items: () => catalogueItems(catalogue),
    *listeners() {
      for (let l = 0; l < people.count; l++) yield { id: people.ids[l], profile: people.profiles[l] };
    },
    history: () => createHistory(seed, days, catalogue, people),
    coverSvg: (itemId) => coverSvg(catalogue, itemId),
    campaigns: () => demoCampaigns(catalogueItems(catalogue), endMs),
    expectedReward: truth.expectedReward,
    examination,
    respond: truth.respond,
  };
}
