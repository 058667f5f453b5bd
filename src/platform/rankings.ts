/**
 * Rankings of candidates that a caller brings: decided, recorded, and found again by the id that the caller gave, so that what
 * comes back under that id is credited to the decision. The ids are kept for as long as a reward may be earned.
 */
import { type Clock, HOUR_MS, type Seed, ShelfwiseError, seedToBytes } from '../base/index.ts';
import {
  type DecisionMark,
  type Device,
  decisionIdOf,
  isId,
  type ListenerProfile,
  resolveProfile,
  type Vocabularies,
} from '../domain/index.ts';
import { isSwitchedOff, MAX_RANKED, type Ranker, type ServingEpochs } from '../home/index.ts';
import { kernelsHash } from '../kernels/index.ts';
import { emptyState, REWARD_WINDOW_MS } from '../signals/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import type { Decisions } from './decisions.ts';
import type { Listeners } from './listeners.ts';
import type { StateEntry, States } from './states.ts';

const TABLE = 'rankings';
/** Entries that each ranking looks at, one after another through the table: more than it adds, so that the old ones go. */
const LOOKED_AT = 8;

export interface RankQuery {
  readonly listenerId: string;
  /** The caller's own, unique within `engine`. */
  readonly rankingId: string;
  /** Whose ids these are, such as `metarank`. */
  readonly engine: string;
  /** At most 400, each once. */
  readonly itemIds: readonly string[];
  readonly device: Device;
  readonly market?: string | undefined;
  readonly tier?: string | undefined;
  readonly sessionId?: string | undefined;
}

export interface RankedItem {
  readonly itemId: string;
  /** Predicted reward, or popularity. */
  readonly score: number;
  /** With which it was drawn for its place, given what stands above; 0 where it was not drawn. */
  readonly propensity: number;
  /** With which it would be drawn for the first place; they sum to 1. */
  readonly firstPropensity: number;
}

export interface RankAnswer {
  readonly decisionId: string;
  readonly policy: string;
  readonly degraded: boolean;
  readonly ranked: readonly RankedItem[];
  /** Of the candidates: not in the catalogue, not available, or not wanted by the listener. In the order given. */
  readonly left: readonly string[];
}

/** Where a ranking's items stood: what a reference to them needs. */
export interface KnownRanking {
  readonly decisionId: string;
  readonly listenerId: string;
  readonly atMs: number;
  /** What was drawn, by card rank. */
  readonly itemIds: readonly string[];
}

/** As it is kept. */
interface StoredRanking extends KnownRanking {
  /** By an id that was erased somebody new may come. */
  readonly listenerKey: string;
}

export interface Rankings {
  /** The decision is recorded, and its id is on disk, when the promise resolves. Throws ITEM_NOT_FOUND where no candidate is known. */
  rank(query: RankQuery): Promise<RankAnswer>;
  /** Undefined after a day, and for what was never ranked here. */
  rankingOf(engine: string, rankingId: string): KnownRanking | undefined;
}

export interface RankingDependencies {
  readonly ranker: Ranker;
  readonly listeners: Listeners;
  readonly states: () => States;
  readonly decisions: Decisions;
  readonly serving: () => ServingEpochs;
  readonly vocabularies: Vocabularies;
  /** Does the catalogue hold the item of this number? */
  readonly knowsItem: (item: number) => boolean;
  readonly isHeldOut: (listenerKey: string) => boolean;
  /** Is the listener's traffic kept out of popularity and training? */
  readonly isFlagged: (listenerKey: string, profile: ListenerProfile) => boolean;
  readonly store: OnlineStore;
  readonly clock: Clock;
  readonly freshSeed: () => Seed;
}

/** What only the composition root asks. */
export interface OwnRankings extends Rankings {
  /** Removes the ids of a listener's rankings, less those of somebody new who came by the same id; returns how many. */
  erase(listenerId: string, write: StoreWriter): number;
  /** What is kept of a listener's rankings. One pass over those of the last day. */
  archiveOf(listenerKey: string): readonly ArchivedRanking[];
}

/** A ranking in a person's archive. */
export interface ArchivedRanking {
  readonly engine: string;
  /** The caller's. */
  readonly rankingId: string;
  readonly decisionId: string;
  readonly at: string;
  /** What was drawn, by rank. */
  readonly itemIds: readonly string[];
}

export function createRankings(dependencies: RankingDependencies): OwnRankings {
  const { ranker, listeners, decisions, vocabularies, store, clock } = dependencies;
  const kernels = kernelsHash();
  /** Where the next look begins; from the start of the table when undefined. */
  let lookFrom: string | undefined;

  const stateOf = (listenerKey: string): ReadEntry => {
    try {
      return { entry: dependencies.states().get(listenerKey) };
    } catch (error) {
      return { error };
    }
  };
  const numbersOf = (itemIds: readonly string[]): Map<number, string> => {
    const numbers = new Map<number, string>();
    for (const itemId of itemIds) {
      const number = vocabularies.items.lookup(itemId);
      if (number >= 0 && dependencies.knowsItem(number)) numbers.set(number, itemId);
    }
    return numbers;
  };

  async function keep(key: string, ranking: StoredRanking): Promise<void> {
    const old = oldKeys(ranking.atMs);
    await store.transaction((write) => {
      for (const gone of old) write.remove(TABLE, gone);
      write.put(TABLE, key, Buffer.from(JSON.stringify(ranking)));
    });
  }
  /** The old ones of the next few entries: a look at the whole table would keep every Home waiting. */
  function oldKeys(nowMs: number): readonly string[] {
    const old: string[] = [];
    let seen = 0;
    let last = '';
    for (const { key, value } of store.range(TABLE, { start: lookFrom, limit: LOOKED_AT })) {
      seen++;
      last = key;
      if (isOver(parse(value), nowMs)) old.push(key);
    }
    lookFrom = seen < LOOKED_AT ? undefined : `${last}\u0000`;
    return old;
  }

  return {
    async rank(query) {
      const numbers = numbersOf(query.itemIds);
      if (numbers.size === 0) {
        throw new ShelfwiseError(
          'ITEM_NOT_FOUND',
          `none of the ${query.itemIds.length} candidates is in the catalogue`,
        );
      }
      if (numbers.size > MAX_RANKED) {
        throw new ShelfwiseError('OPTION_INVALID', `a ranking takes ${MAX_RANKED} candidates at most`);
      }
      const [listener] = await listeners.ensure([query.listenerId]);
      if (listener === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', query.listenerId);
      const isProfiled = listener.profile.profiling ?? true;
      const { entry, error } = isProfiled ? stateOf(listener.key) : NOT_READ;
      const epochs = dependencies.serving();
      const { tunables } = epochs;
      const nowMs = clock.nowMs();
      const profile = resolveProfile(listener.profile);
      const market = query.market ?? profile.market;
      const tier = query.tier ?? profile.tier;
      // Who gets popularity anyway misses nothing by a policy that is off.
      const isPlain = !isProfiled || dependencies.isHeldOut(listener.key);
      const policyOff = !isPlain && isSwitchedOff(tunables, 'policy', tunables.policy);
      const marks: DecisionMark[] = isProfiled ? [] : ['unprofiled'];
      if (policyOff) marks.push('policy-off');
      if (dependencies.isFlagged(listener.key, listener.profile)) marks.push('flagged');
      const decisionId = decisionIdOf(nowMs, seedToBytes(dependencies.freshSeed()));
      const { record, view, ranked } = ranker.rank(
        {
          decisionId,
          seed: dependencies.freshSeed(),
          listenerKey: listener.key,
          profile: { ...profile, market, tier },
          readState: () => {
            if (!isProfiled) return emptyState();
            if (entry === undefined) throw error;
            return entry.state;
          },
          emptyState,
          tasteMemory: entry ?? { tasteVersion: 0, kept: undefined },
          atMs: nowMs,
          device: query.device,
          market,
          tier,
          sessionId: query.sessionId ?? '',
          policyId: isPlain || policyOff ? 'popularity' : tunables.policy,
          filter: '',
          marks,
          isRecorded: true,
          tunables,
          epochs,
          carried: [],
          keptRanks: new Map(),
          explain: false,
          rowLimit: undefined,
          kernelsHash: kernels,
        },
        [...numbers.keys()],
      );
      decisions.write(record, view);
      decisions.writeServing({ decisionId, listenerKey: listener.key, atMs: nowMs, reason: 'first' });
      const items = ranked.map(({ item, ...chances }) => ({ itemId: numbers.get(item) as string, ...chances }));
      const drawn = items.filter(({ propensity }) => propensity > 0).map(({ itemId }) => itemId);
      // Who was erased meanwhile is not written down again.
      if (listeners.get(query.listenerId)?.key !== listener.key) {
        throw new ShelfwiseError('LISTENER_NOT_FOUND', query.listenerId);
      }
      await keep(keyOf(query.engine, query.rankingId), {
        decisionId,
        listenerId: query.listenerId,
        listenerKey: listener.key,
        atMs: nowMs,
        itemIds: drawn,
      });
      const there = new Set(items.map(({ itemId }) => itemId));
      return {
        decisionId,
        policy: record.policyId,
        degraded: record.degraded,
        ranked: items,
        left: query.itemIds.filter((itemId) => !there.has(itemId)),
      };
    },
    erase(listenerId, write) {
      let erased = 0;
      const newcomer = listeners.get(listenerId)?.key;
      for (const { key, value } of store.range(TABLE, {})) {
        const ranking = parse(value);
        if (ranking.listenerId !== listenerId || (newcomer !== undefined && ranking.listenerKey === newcomer)) continue;
        write.remove(TABLE, key);
        erased++;
      }
      return erased;
    },
    archiveOf(listenerKey) {
      const archived: ArchivedRanking[] = [];
      for (const { key, value } of store.range(TABLE, {})) {
        const ranking = parse(value);
        if (ranking.listenerKey !== listenerKey) continue;
        const { decisionId, atMs, itemIds } = ranking;
        const space = key.indexOf(' ');
        archived.push({
          engine: key.slice(0, space),
          rankingId: key.slice(space + 1),
          decisionId,
          at: new Date(atMs).toISOString(),
          itemIds,
        });
      }
      return archived;
    },
    rankingOf(engine, rankingId) {
      // Callers refer to what they like.
      const bytes = isId(rankingId) ? store.get(TABLE, keyOf(engine, rankingId)) : undefined;
      if (bytes === undefined) return undefined;
      const ranking = parse(bytes);
      const { decisionId, listenerId, atMs, itemIds } = ranking;
      return isOver(ranking, clock.nowMs()) ? undefined : { decisionId, listenerId, atMs, itemIds };
    },
  };
}

/** The state's entry, or why there is none. */
interface ReadEntry {
  readonly entry?: StateEntry;
  readonly error?: unknown;
}

/** Of who wants no profile. */
const NOT_READ: ReadEntry = {};

function keyOf(engine: string, rankingId: string): string {
  return `${engine} ${rankingId}`;
}

function parse(bytes: Uint8Array): StoredRanking {
  return JSON.parse(Buffer.from(bytes).toString()) as StoredRanking;
}

function isOver({ atMs }: KnownRanking, nowMs: number): boolean {
  return nowMs - atMs > REWARD_WINDOW_MS + HOUR_MS;
}
