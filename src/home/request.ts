/** What flows through the mixer: the request (query) and the batches (candidates of one shelf). */
import { NumberIndex, type Seed } from '../base/index.ts';
import {
  type Campaigns,
  type Catalog,
  type Cohorts,
  type Counters,
  type DecisionMark,
  type Device,
  type Embedding,
  type HomeFilter,
  type ListenerView,
  NO_ITEM,
  type ResolvedProfile,
  surfaceOf,
  type Vocabularies,
} from '../domain/index.ts';
import type { RewardModel } from '../models/index.ts';
import type { Nearest } from '../retrieval/index.ts';
import type { ListenerState } from '../signals/index.ts';
import type { Decider } from './decide.ts';
import { EMPTY_VIEW, type TasteMemory } from './hydrate.ts';
import type { DecisionShelf } from './page-problem.ts';
import { type GeneratedCards, NO_GENERATED } from './playlists/cards.ts';
import type { ChangedItems } from './rights.ts';
import type { ShelfDeclaration } from './shelves/index.ts';
import { type HomeTunables, MAX_CANDIDATES } from './tunables.ts';
/** Everything shared that a decision reads, fixed for the length of one request. */
export interface ServingEpochs {
  readonly catalog: Catalog;
  readonly counters: Counters;
  /** Undefined until the first fit. */
  readonly embedding: Embedding | undefined;
  readonly nearest: Nearest | undefined;
  /** Undefined until the first fit. They propose candidates, which are recorded: replay does not read them. */
  readonly cohorts: Cohorts | undefined;
  /** What editors put on Homes. Recorded as cohorts are: by the candidates that came of it. */
  readonly campaigns: Campaigns;
  /** Undefined until the first fit: scores are then popularity, and the page says `degraded`. */
  readonly model: RewardModel | undefined;
  /** Items that changed since the catalogue's columns were built: live, so that what is withdrawn goes at once. */
  readonly changed: ChangedItems;
  readonly tunables: HomeTunables;
  /** Hash of the tunables epoch. */
  readonly tunablesHash: string;
  /** Episodes of shows, newest first, from the catalogue. */
  readonly children: ChildIndex;
}

/** Children by parent: `items[start[p] .. start[p + 1])`, newest release first. */
export interface ChildIndex {
  readonly start: Uint32Array;
  readonly items: Uint32Array;
}

export function indexChildren(catalog: Catalog): ChildIndex {
  const { size, parent, releaseDay } = catalog;
  const start = new Uint32Array(size + 1);
  for (let i = 0; i < size; i++) if (parent[i] < size) start[parent[i] + 1]++;
  for (let i = 0; i < size; i++) start[i + 1] += start[i];
  const fill = start.slice();
  const items = new Uint32Array(start[size]);
  for (let i = 0; i < size; i++) if (parent[i] < size) items[fill[parent[i]]++] = i;
  for (let p = 0; p < size; p++) {
    if (start[p + 1] - start[p] > 1)
      items.subarray(start[p], start[p + 1]).sort((a, b) => releaseDay[b] - releaseDay[a] || a - b);
  }
  return { start, items };
}

/** A row of the last decision that the listener has seen and that keeps its place. */
export interface CarriedRow {
  readonly shelfId: string;
  readonly seedItem: number;
  readonly rank: number;
  readonly items: readonly number[];
  readonly decisionId: string;
}

/** Channels a candidate can come by; the bit of a source in the record is its position here: append only. */
export const CHANNELS = ['state', 'neighbours', 'nearest', 'popularity', 'catalog', 'carried', 'generated'] as const;
export type Channel = (typeof CHANNELS)[number];
export const CHANNEL_BIT: Readonly<Record<Channel, number>> = {
  state: 1,
  neighbours: 2,
  nearest: 4,
  popularity: 8,
  catalog: 16,
  carried: 32,
  generated: 64,
};

export interface RemovedItem {
  readonly shelfId: string;
  readonly reason: string;
  readonly item: number;
}

/** Candidates of one shelf. Belongs to one request; filters compact it in place. */
export interface ShelfBatch extends DecisionShelf {
  readonly declaration: ShelfDeclaration;
  items: Uint32Array;
  sources: Uint8Array;
  count: number;
}

/** What a Home is asked for with. */
export interface HomeInput {
  readonly decisionId: string;
  readonly seed: Seed;
  readonly listenerKey: string;
  readonly profile: ResolvedProfile;
  /** Reads the listener's state; when it throws, the page is a cold start marked `degraded`. */
  readonly readState: () => ListenerState;
  readonly emptyState: () => ListenerState;
  readonly tasteMemory: TasteMemory;
  readonly atMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly sessionId: string;
  readonly policyId: string;
  /** The chip that the page is narrowed to; '' for the whole Home. */
  readonly filter: HomeFilter | '';
  /** With `unprofiled`, no more than a market, a tier, a language and an age are known: give an empty state. */
  readonly marks: readonly DecisionMark[];
  /** False for a private session: nothing is written. */
  readonly isRecorded: boolean;
  readonly tunables: HomeTunables;
  readonly epochs: ServingEpochs;
  readonly carried: readonly CarriedRow[];
  /** Places that shelves seen before keep: `shelfId:seedItem` → page rank. */
  readonly keptRanks: ReadonlyMap<string, number>;
  /** Playlists that were made for the listener. @default none */
  readonly generated?: GeneratedCards;
  readonly explain: boolean;
  /** Rows of the page that are sent at once, from the top; all of them are decided. Undefined: all. */
  readonly rowLimit: number | undefined;
  /** Of the WebAssembly kernels in use: part of what a decision was made with. */
  readonly kernelsHash: string;
}

export interface HomeRequest extends HomeInput {
  readonly generated: GeneratedCards;
  /** Numbers of the market and tier, or -1. */
  readonly marketNumber: number;
  readonly tierNumber: number;
  /** Item numbers of the onboarding picks that are known. */
  readonly pickNumbers: readonly number[];
  /** Most shelves on a page of this surface. */
  readonly shelfLimit: number;
  /** Most cards in a row on this surface. */
  readonly cardLimit: number;
  /** The id that a shelf has on the page. */
  readonly pageIdOf: (shelf: Pick<DecisionShelf, 'shelfId' | 'seedItem'>) => string;
  /** Where filters note the items they take, when the decision is audited. */
  readonly removedItems: RemovedItem[] | undefined;
  readonly scratch: RequestScratch;

  // Filled as stages run.
  /** Rows in a defined order that may appear and were not on the page before. */
  newDefinedRows: number;
  /** Cards that rest, ascending; undefined until somebody asks. */
  wornCards: Uint32Array | undefined;
  state: ListenerState;
  /** Vector in the embedding's space; empty where there is none. */
  taste: Float32Array;
  /** Unplayed items close to the taste, nearest first. */
  recommendations: Uint32Array;
  view: ListenerView;
}

/**
 * The decision that can be made of what was asked for. Where the model that serves lacks what the policy needs, popularity
 * stands in and the mark says so: the page is degraded, and nothing of it passes for exploration by that policy.
 */
export function servable(
  input: HomeInput,
  decider: Decider,
): { readonly input: HomeInput; readonly lacked: string | undefined } {
  const { policyId, tunables, epochs, marks } = input;
  const lacked = decider.lacked({ policyId, tunables, model: epochs.model });
  if (lacked === undefined) return { input, lacked };
  return { input: { ...input, policyId: 'popularity', marks: [...marks, 'policy-unmet'] }, lacked };
}

export function newRequest(
  input: HomeInput,
  scratch: RequestScratch,
  vocabularies: Vocabularies,
  audited: boolean,
): HomeRequest {
  const { shelves, cards } = input.tunables.surfaces[surfaceOf(input.device)];
  const pickNumbers: number[] = [];
  const picks = input.marks.includes('unprofiled') ? [] : input.profile.onboardingPicks;
  for (const pick of picks) {
    const number = vocabularies.items.lookup(pick);
    if (number >= 0) pickNumbers.push(number);
  }
  return {
    ...input,
    generated: input.generated ?? NO_GENERATED,
    marketNumber: vocabularies.markets.lookup(input.market),
    tierNumber: vocabularies.tiers.lookup(input.tier),
    pickNumbers,
    shelfLimit: shelves,
    cardLimit: cards,
    pageIdOf: ({ shelfId, seedItem }) =>
      seedItem === NO_ITEM ? shelfId : `${shelfId}:${vocabularies.items.name(seedItem)}`,
    removedItems: audited ? [] : undefined,
    scratch,
    newDefinedRows: 0,
    wornCards: undefined,
    state: input.emptyState(),
    taste: new Float32Array(0),
    recommendations: new Uint32Array(0),
    view: EMPTY_VIEW,
  };
}

/** Seeds of one declaration at most. */
const SEED_ROOM = 16;

/** Buffers of one request in flight, reused. */
export interface RequestScratch {
  /** Takes an empty batch's arrays. */
  take(): { items: Uint32Array; sources: Uint8Array };
  reset(): void;
  /** The items that a source makes its batches about, while it runs. */
  readonly seeds: Uint32Array;
  /** General-purpose room for a source while it runs. */
  readonly itemsA: Uint32Array;
  readonly itemsB: Uint32Array;
  readonly scoresA: Float32Array;
  /** What a sink was given, by number. */
  readonly offered: NumberIndex;
  /** What a list holds, for whoever looks through it. */
  readonly among: NumberIndex;
  /** One a genre; grown by whoever needs more. */
  genreShares: Float32Array;
}

export function createScratch(): RequestScratch {
  const slabs: { items: Uint32Array; sources: Uint8Array }[] = [];
  let taken = 0;
  return {
    take() {
      if (taken === slabs.length)
        slabs.push({ items: new Uint32Array(MAX_CANDIDATES), sources: new Uint8Array(MAX_CANDIDATES) });
      return slabs[taken++];
    },
    reset() {
      taken = 0;
    },
    seeds: new Uint32Array(SEED_ROOM),
    itemsA: new Uint32Array(1024),
    itemsB: new Uint32Array(1024),
    scoresA: new Float32Array(1024),
    offered: new NumberIndex(MAX_CANDIDATES),
    among: new NumberIndex(MAX_CANDIDATES),
    genreShares: new Float32Array(0),
  };
}
