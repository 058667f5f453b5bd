/**
 * When generated playlists are made: when somebody asks for them, and before a Home that would show them, as long as the
 * allowance lasts (4% of the serving thread's time, 300 ms saved up at most); beyond it the listener waits in a queue and
 * Home shows what still stands. They are made in short steps, between which other requests run.
 */
import { type Clock, messageOf } from '../../base/index.ts';
import type { ResolvedProfile, Vocabularies } from '../../domain/index.ts';
import {
  followsHash,
  type GroupOfLists,
  type HearingRights,
  LIST_GROUPS,
  type ListenerPlaylists,
  type ListGroup,
  makeGroup,
  type PlaylistInput,
  type PlaylistSettings,
  type ServingEpochs,
  stands,
} from '../../home/index.ts';
import { createPace, type Pace } from '../pace.ts';
import type { StateEntry } from '../states.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import type { GroupHead, Held, KeptPlaylists } from './keeping.ts';

/** Somebody whose playlists are asked for. */
export interface Asker {
  readonly listenerKey: string;
  readonly profile: ResolvedProfile;
  readonly entry: StateEntry;
  readonly atMs: number;
  /** With the listener's own market and tier: playlists are made for where they live, and read where they are. */
  readonly rights: () => HearingRights;
  readonly epochs: ServingEpochs;
}

export interface PlaylistCounts {
  /** Groups of playlists made, and milliseconds of the serving thread that it took. */
  made: number;
  madeMs: number;
  /** The longest step. */
  longestStepMs: number;
  /** Listeners put in the queue, since the allowance was used up. */
  deferred: number;
}

export interface Making {
  /** Those of the listener as of now, each group that does not stand made first; on the medium, if it can be written. */
  current(asker: Asker): Promise<ListenerPlaylists>;
  /**
   * For a Home: nothing to wait for where all stand; they are made first while the allowance lasts; else the listener is put
   * in the queue, and Home shows those that stand.
   */
  beforeHome(asker: Asker): Promise<void> | undefined;
  /** Those of another time: what is kept where it stands then, the rest made and not kept. */
  at(asker: Asker): Promise<ListenerPlaylists>;
  /** Makes nothing more that nobody waits for; resolves when nothing is being made. */
  stop(): Promise<void>;
  readonly counts: PlaylistCounts;
}

const NONE_DUE: readonly ListGroup[] = [];
const SHARE_OF_TIME = 0.04;
const MOST_SAVED_MS = 300;
/** Listeners that wait at most; others are made when they come again. */
const QUEUE = 10_000;

/** What an empty group was made of: it is tried again when any of it has changed. */
interface Tried {
  readonly tasteVersion: number;
  readonly catalog: object;
  readonly embedding: object | undefined;
}

/** What is being made for a listener. */
interface Work {
  readonly pace: Pace;
  /** How many wait for it. */
  waiting: number;
  done: Promise<void>;
}

export function createMaking(dependencies: {
  readonly kept: KeptPlaylists;
  readonly vocabularies: Pick<Vocabularies, 'items'>;
  readonly settings: PlaylistSettings;
  readonly clock: Clock;
  readonly onTrouble: (error: string) => void;
  /** The steps of a group. @default `makeGroup` */
  readonly stepsOf?: typeof makeGroup;
}): Making {
  const { kept, vocabularies, settings, clock, stepsOf = makeGroup } = dependencies;
  const counts: PlaylistCounts = { made: 0, madeMs: 0, longestStepMs: 0, deferred: 0 };
  const allowance: Allowance = createAllowance(clock, SHARE_OF_TIME, MOST_SAVED_MS);
  /** By listener key. */
  const underWay = new Map<string, Work>();
  const tried = new WeakMap<StateEntry, Tried>();
  const queue = new Map<string, Asker>();
  let working = false;
  let isStopped = false;

  const isDue = (group: ListGroup, head: GroupHead | undefined, asker: Asker, follows: number): boolean => {
    if (head === undefined || !stands(group, head, asker.atMs, follows)) return true;
    if (!head.isEmpty) return false;
    const last = tried.get(asker.entry);
    const { catalog, embedding } = asker.epochs;
    return !(
      last?.tasteVersion === asker.entry.tasteVersion &&
      last.catalog === catalog &&
      last.embedding === embedding
    );
  };
  const dueOf = ({ heads }: Held, asker: Asker): readonly ListGroup[] => {
    const follows = followsHash(asker.entry.state);
    let due = NONE_DUE;
    for (const group of LIST_GROUPS) if (isDue(group, heads[group], asker, follows)) due = [...due, group];
    return due;
  };

  const inputOf = (asker: Asker, playlists: ListenerPlaylists): PlaylistInput => {
    const { listenerKey, profile, entry, epochs } = asker;
    const rights = asker.rights();
    const picks = profile.onboardingPicks.map((pick) => vocabularies.items.lookup(pick)).filter((pick) => pick >= 0);
    const { weekly } = playlists;
    const lastDiscovery = weekly !== undefined && weekly.untilMs <= rights.atMs ? weekly.lists[0] : undefined;
    return { listenerKey, state: entry.state, picks, rights, world: epochs, settings, lastDiscovery };
  };
  /** Undefined where it was given up between two steps. */
  const runSteps = async (
    steps: Generator<undefined, GroupOfLists>,
    pace: Pace,
    goesOn: () => boolean,
  ): Promise<GroupOfLists | undefined> => {
    while (goesOn()) {
      const startMs = clock.monotonicMs();
      const { done, value } = steps.next();
      const tookMs = clock.monotonicMs() - startMs;
      allowance.spend(tookMs);
      counts.madeMs += tookMs;
      counts.longestStepMs = Math.max(counts.longestStepMs, tookMs);
      if (done === true) {
        counts.made++;
        return value;
      }
      // What nobody waits for rests: a request that comes meanwhile does not find its steps one after the other.
      await pace.rest();
    }
    return undefined;
  };
  const makeGroups = async (
    groups: readonly ListGroup[],
    playlists: ListenerPlaylists,
    asker: Asker,
    pace: Pace,
    goesOn: () => boolean,
  ): Promise<ListenerPlaylists | undefined> => {
    const input = inputOf(asker, playlists);
    const made: { -readonly [G in ListGroup]?: GroupOfLists } = { ...playlists };
    for (const group of groups) {
      pace.begin();
      const lists = await runSteps(stepsOf(group, input), pace, goesOn);
      if (lists === undefined) return undefined;
      made[group] = lists;
    }
    return made;
  };

  const makeDue = async (asker: Asker, { pace }: Work, goesOn: () => boolean): Promise<void> => {
    const { listenerKey, entry, epochs } = asker;
    const due = dueOf(kept.held(listenerKey), asker);
    if (due.length === 0) return;
    tried.set(entry, { tasteVersion: entry.tasteVersion, catalog: epochs.catalog, embedding: epochs.embedding });
    const made = await makeGroups(due, kept.get(listenerKey), asker, pace, goesOn);
    if (made !== undefined) kept.put(listenerKey, made);
  };
  /** One making a listener: whoever asks meanwhile gets the same. @param waiting how many wait for it from the first on */
  const workFor = (asker: Asker, waiting: 0 | 1): Work => {
    const { listenerKey } = asker;
    const known = underWay.get(listenerKey);
    if (known !== undefined) {
      known.waiting += waiting;
      if (waiting > 0) known.pace.hurry();
      return known;
    }
    const work: Work = { waiting, pace: createPace(clock, () => work.waiting > 0), done: Promise.resolve() };
    underWay.set(listenerKey, work);
    work.done = makeDue(asker, work, () => !isStopped || work.waiting > 0).finally(() => underWay.delete(listenerKey));
    return work;
  };

  /** Works the queue off as the allowance grows again. */
  const workOff = async (): Promise<void> => {
    working = true;
    try {
      while (queue.size > 0) {
        if (!allowance.isLeft) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
          continue;
        }
        const [[key, asker]] = queue;
        queue.delete(key);
        try {
          await workFor(asker, 0).done;
        } catch (error) {
          dependencies.onTrouble(messageOf(error));
        }
      }
    } finally {
      working = false;
    }
  };

  return {
    counts,
    async current(asker) {
      const { listenerKey } = asker;
      // What was under way may have begun before the listener followed somebody, say.
      if (underWay.has(listenerKey)) await workFor(asker, 1).done;
      await workFor(asker, 1).done;
      await kept.stored(listenerKey);
      return kept.get(listenerKey);
    },
    beforeHome(asker) {
      const { listenerKey } = asker;
      if (dueOf(kept.held(listenerKey), asker).length === 0) return undefined;
      if (allowance.isLeft && queue.size === 0) return workFor(asker, 1).done;
      if (isStopped) return undefined;
      if (queue.size < QUEUE) {
        queue.set(listenerKey, asker);
        counts.deferred++;
      }
      if (!working) void workOff();
      return undefined;
    },
    async stop() {
      isStopped = true;
      queue.clear();
      const works = [...underWay.values()];
      for (const { pace } of works) pace.hurry();
      await Promise.allSettled(works.map(({ done }) => done));
    },
    async at(asker) {
      const playlists = kept.get(asker.listenerKey);
      const follows = followsHash(asker.entry.state);
      const groups = LIST_GROUPS.filter((group) => {
        const made = playlists[group];
        return made === undefined || !stands(group, made, asker.atMs, follows);
      });
      if (groups.length === 0) return playlists;
      const awaited = createPace(clock, () => true);
      return (await makeGroups(groups, playlists, asker, awaited, () => true)) ?? playlists;
    },
  };
}

const PAUSE_MS = 50;
