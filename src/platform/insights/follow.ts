/**
 * Follows both logs into the accumulator, in the order of time: a decision before the feedback on it. Works at a
 * pace (`pace.ts`), so that questions are answered meanwhile, and keeps a snapshot with its place in both logs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { type Clock, messageOf, SECOND_MS, ShelfwiseError } from '../../base/index.ts';
import {
  buildCatalog,
  type Catalog,
  type DecisionRecord,
  decisionTimeMs,
  decodeDecision,
  decodeEvent,
  decodeListenerView,
  decodeServing,
  isGenerated,
  readCatalog,
} from '../../domain/index.ts';
import { createDecider, highestOf, highestProbabilities } from '../../home/index.ts';
import { type BotRules, looksLikeBot } from '../../signals/index.ts';
import {
  type LogEntry,
  type LogPosition,
  logUpTo,
  type Stream,
  streamEntries,
  writeFileDurably,
} from '../../store/index.ts';
import { storedItems } from '../catalogue.ts';
import { ENTRY_DECISION, ENTRY_SERVING, recordBytesOf } from '../decisions.ts';
import { createEpochReader } from '../epochs.ts';
import { secretOfKey } from '../listeners.ts';
import { createPace } from '../pace.ts';
import { openView } from '../sealing.ts';
import { positionNumber, positionOf, readStoredState, unlessCorrupt } from '../states.ts';
import { DECISIONS, EVENTS, type Workspace } from '../workspace.ts';
import { type Accumulator, createAccumulator, SNAPSHOT_FORMAT, type Snapshot } from './accumulator.ts';
import type { Ends } from './questions.ts';

/** Decisions computed again a second, beside the audited ones, to see which of their choices were explored; and saved up. */
const EXAMINED_PER_SECOND = 5;
const EXAMINED_AT_ONCE = 200;

export interface Follower {
  /** Reads up to these ends; resolves when it is there. */
  follow(ends: Ends): Promise<void>;
  /** Somebody waits from now on: a rest that is under way ends. */
  hurry(): void;
  readonly accumulator: Accumulator;
  /** Are there entries before these ends that were not read yet? */
  isBehind(ends: Ends): boolean;
  /** Writes the snapshot, when something was read since the last; nothing is read meanwhile. */
  save(): Promise<void>;
  /** Forgets an erased listener once what is being read was read, and writes the snapshot. */
  forget(listenerKey: string): Promise<void>;
}

interface Saved {
  readonly eventsFrom: number;
  readonly decisionsFrom: number;
  readonly snapshot: Snapshot;
}

export function createFollower(
  workspace: Workspace,
  file: string,
  sources: Pick<Stream, 'lake' | 'warehouse'>,
  clock: Clock,
  /** The operator's, as serving and the learner go by them. */
  botRules: BotRules,
  /** Told of what could not be read. */
  report: (text: string) => void,
  /** Does somebody wait for what is read? */
  isAwaited: () => boolean,
): Follower {
  let eventsFrom = -1;
  let decisionsFrom = -1;
  let changed = false;
  let ends: Ends | undefined;
  /** Everything before these ends was read. */
  let readTo: Ends | undefined;

  let catalog: Catalog | undefined;
  let vocabularies = workspace.vocabularies();
  let namedAtMs = clock.monotonicMs();
  const world = {
    catalog: () => {
      if (catalog === undefined || catalog.hash !== ends?.catalogHash)
        catalog = catalogOf(workspace, ends?.catalogHash);
      return catalog;
    },
    itemName(item: number) {
      const nowMs = clock.monotonicMs();
      // Numbers are given all the time; names are in the store with the next flush.
      if (item >= vocabularies.items.size && !isGenerated(item) && nowMs - namedAtMs > SECOND_MS) {
        vocabularies = workspace.vocabularies();
        namedAtMs = nowMs;
      }
      try {
        return vocabularies.items.name(item);
      } catch (error) {
        if (error instanceof RangeError) return '';
        throw error;
      }
    },
    isBot(listenerKey: string) {
      const stored = unlessCorrupt(() => readStoredState(workspace.store, ends?.stateTable ?? '', listenerKey));
      return stored !== undefined && looksLikeBot(stored.state, botRules);
    },
  };
  const accumulator = restored(readSaved(file, report)) ?? createAccumulator(world);

  const pace = createPace(clock, isAwaited);
  const decider = createDecider(workspace.encoder);
  const readEpochs = createEpochReader(workspace.epochs, workspace.encoder);
  let examinable = EXAMINED_AT_ONCE;
  let refilledAtMs = clock.monotonicMs();
  const mayExamine = (): boolean => {
    const nowMs = clock.monotonicMs();
    examinable = Math.min(EXAMINED_AT_ONCE, examinable + ((nowMs - refilledAtMs) / SECOND_MS) * EXAMINED_PER_SECOND);
    refilledAtMs = nowMs;
    if (examinable < 1) return false;
    examinable--;
    return true;
  };
  /** Of the audit where there is one, of the same computation again elsewhere; undefined where it cannot be made. */
  const highestIn = (record: DecisionRecord): readonly number[] | undefined => {
    if (record.failedSources.includes('page')) return undefined;
    if (record.audit !== undefined)
      return record.audit.distributions.map((distribution) => highestOf(distribution, distribution.length));
    if (record.versions.encoder !== workspace.encoder.hash || !mayExamine()) return undefined;
    try {
      const secret = secretOfKey(workspace.store, record.listenerKey);
      const view = secret === undefined ? undefined : openView(record, secret);
      if (view === undefined) return undefined;
      const highest = highestProbabilities(record, decodeListenerView(view), readEpochs(record.versions), decider);
      const steps = record.rows.reduce((sum, row) => sum + 1 + row.cards.length, 0);
      return highest.length === steps ? highest : undefined;
    } catch (error) {
      if (error instanceof ShelfwiseError && error.code !== 'BUG') return undefined;
      throw error;
    }
  };

  const takeDecision = (payload: Uint8Array): void => {
    if (payload[0] === ENTRY_SERVING) {
      accumulator.addServing(decodeServing(payload.subarray(1)));
      return;
    }
    if (payload[0] !== ENTRY_DECISION) return;
    let record: DecisionRecord;
    try {
      record = decodeDecision(recordBytesOf(payload));
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || error.code !== 'DECISION_CORRUPT') throw error;
      report(`a record was passed over: ${error.message}`);
      return;
    }
    if (!accumulator.addDecision(record)) return;
    const highest = highestIn(record);
    if (highest !== undefined) accumulator.examine(record, highest);
  };

  const streamOf = (name: string, end: LogPosition): Stream => ({
    ...sources,
    name,
    log: logUpTo(workspace.paths.log(name), end),
    metadata: workspace.metadata,
  });

  async function read(to: Ends): Promise<void> {
    pace.begin();
    const decisions = pulled(streamEntries(streamOf(DECISIONS, to.decisions), placeOf(decisionsFrom)), timeOfDecision);
    const events = pulled(streamEntries(streamOf(EVENTS, to.events), placeOf(eventsFrom)), timeOfEvent);
    try {
      await decisions.pull();
      await events.pull();
      while (decisions.head !== undefined || events.head !== undefined) {
        if (decisions.head !== undefined && decisions.atMs <= events.atMs) {
          takeDecision(decisions.head.payload);
          decisionsFrom = positionNumber(decisions.head.next);
          await decisions.pull();
        } else if (events.head !== undefined) {
          const event = decodeEvent(events.head.payload);
          accumulator.addEvent(event);
          eventsFrom = positionNumber(events.head.next);
          await events.pull();
        }
        changed = true;
        if (!pace.isDue) continue;
        accumulator.advance(accumulator.span.upToMs);
        workspace.ending.check();
        await pace.rest();
      }
      accumulator.advance(Math.max(accumulator.span.upToMs, to.nowMs));
      readTo = to;
    } finally {
      await decisions.close();
      await events.close();
    }
  }

  /** What was saved is let go of with this call: its bytes are as many as what is made of them. */
  function restored(saved: Saved | undefined): Accumulator | undefined {
    if (saved === undefined) return undefined;
    try {
      const accumulator = createAccumulator({ ...world, restore: saved.snapshot });
      eventsFrom = saved.eventsFrom;
      decisionsFrom = saved.decisionsFrom;
      return accumulator;
    } catch (error) {
      report(unreadable(error));
      return undefined;
    }
  }

  /** A log without an entry has no place, however often it was read to its end. */
  const isBehind = (to: Ends): boolean =>
    isBefore(Math.max(eventsFrom, numberOf(readTo?.events)), to.events) ||
    isBefore(Math.max(decisionsFrom, numberOf(readTo?.decisions)), to.decisions);

  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.catch(() => undefined).then(work);
    return last;
  };
  return {
    accumulator,
    isBehind,
    follow: (to) =>
      inTurn(() => {
        ends = to;
        return read(to);
      }),
    hurry: pace.hurry,
    forget: (listenerKey) =>
      inTurn(() => {
        accumulator.forget(listenerKey);
        changed = true;
        return save();
      }),
    save: () => inTurn(save),
  };

  async function save(): Promise<void> {
    if (!changed) return;
    pace.begin();
    const steps = accumulator.snapshot();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) if (pace.isDue) await pace.rest();
    const saved: Saved = { eventsFrom, decisionsFrom, snapshot: step.value };
    writeFileDurably(file, serialize(saved));
    changed = false;
  }
}

/** A place beyond which the log has entries; a log's end may lie a mark behind its last entry. */
const MARKS = 64;
function isBefore(place: number, end: LogPosition): boolean {
  return positionNumber(end) - Math.max(0, place) > MARKS;
}

function numberOf(position: LogPosition | undefined): number {
  return position === undefined ? -1 : positionNumber(position);
}

function placeOf(position: number): LogPosition | undefined {
  return position < 0 ? undefined : positionOf(position);
}

/** A stream with its next entry in hand. */
function pulled(entries: AsyncGenerator<LogEntry>, timeOf: (payload: Uint8Array) => number) {
  const state = {
    head: undefined as LogEntry | undefined,
    /** Infinity at the end. */
    atMs: Number.POSITIVE_INFINITY,
    async pull(): Promise<void> {
      const next = await entries.next();
      state.head = next.done === true ? undefined : next.value;
      state.atMs = state.head === undefined ? Number.POSITIVE_INFINITY : timeOf(state.head.payload);
    },
    close: () => entries.return(undefined),
  };
  return state;
}

function timeOfDecision(payload: Uint8Array): number {
  if (payload[0] === ENTRY_SERVING) return decodeServing(payload.subarray(1)).atMs;
  // A format byte and the length stand before the id.
  const id = Buffer.from(payload.buffer, payload.byteOffset + 3, 26).toString('latin1');
  const atMs = decisionTimeMs(id);
  return Number.isFinite(atMs) ? atMs : 0;
}

function timeOfEvent(payload: Uint8Array): number {
  return decodeEvent(payload).receivedAtMs;
}

function readSaved(file: string, report: (text: string) => void): Saved | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const saved = deserialize(readFileSync(file)) as Saved;
    if (saved.snapshot.format === SNAPSHOT_FORMAT) return saved;
    report(`the snapshot is of format ${saved.snapshot.format}: the logs are counted anew`);
  } catch (error) {
    report(unreadable(error));
  }
  return undefined;
}

function unreadable(error: unknown): string {
  return `the snapshot does not read (${messageOf(error)}): the logs are counted anew`;
}

/** The one that serves; built from the items where its epoch does not read. */
function catalogOf(workspace: Workspace, hash: string | undefined): Catalog {
  try {
    if (hash !== undefined) return readCatalog(workspace.epochs.get(hash));
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code === 'BUG') throw error;
  }
  return readCatalog(buildCatalog(storedItems(workspace.store), workspace.vocabularies()));
}
