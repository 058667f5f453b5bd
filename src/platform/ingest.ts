/**
 * Ingest: raw events in, fates out. An event is acknowledged when the log is on disk and its listener's state has it, so a
 * Home asked for after the acknowledgement shows its effect.
 */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ByteWriter, CATALOGUE, type Clock, ShelfwiseError } from '../base/index.ts';
import {
  decodeEvent,
  EVENT_REMEDIES,
  EventSchema,
  encodeEvent,
  type FeedbackEvent,
  type IncomingEvent,
  parseEvent,
  type ResolvedReference,
  type Vocabularies,
} from '../domain/index.ts';
import { foldEvent } from '../signals/index.ts';
import type { EventLog, LogPosition } from '../store/index.ts';
import type { Listeners } from './listeners.ts';
import type { Pages } from './pages.ts';
import type { SeenEvents } from './seen.ts';
import type { EventFate } from './service.ts';
import { positionNumber, type States, unlessCorrupt } from './states.ts';
import type { Traffic } from './traffic.ts';

/** The schema of the contract, less the format of the time: `parseEvent` asks more of it, and costs less. */
const properties = { ...EventSchema.properties, occurredAt: Type.String({ maxLength: 40 }) };
const checker = Compile(Type.Object(properties, { additionalProperties: false }));
/** The same, but for fields that it does not know: those are looked for here, where no pattern is matched for each field. */
const lenient = Compile(Type.Object(properties));
const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(properties));

function isEvent(row: unknown): row is IncomingEvent {
  if (!lenient.Check(row)) return false;
  for (const field in row) if (!KNOWN_FIELDS.has(field)) return false;
  return true;
}

export interface IngestCounts {
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Events of private sessions: acknowledged, and gone. */
  private: number;
  /** Events of listeners that are flagged. */
  flagged: number;
  unknownItems: number;
  /** Events of listeners whose state does not read: safe in the log, folded by the next rebuild. */
  unfolded: number;
}

export interface Ingest {
  accept(rows: readonly unknown[]): Promise<readonly EventFate[]>;
  /** Folds what the log has beyond what states and ids know: called once, at opening. Returns how many events it read. */
  recover(from: LogPosition): number;
  /** Every event below this position is folded. */
  foldedUpTo(): LogPosition;
  readonly counts: IngestCounts;
}

export interface IngestDependencies {
  readonly log: EventLog;
  readonly listeners: Listeners;
  readonly states: () => States;
  readonly seen: SeenEvents;
  /** What references of events point to. */
  readonly pages: Pages;
  /** Whose traffic counts for nothing; told of every state that an event changed. */
  readonly traffic: Traffic;
  /** Was this a decision of a private session? */
  readonly isPrivate: (decisionId: string) => boolean;
  readonly vocabularies: Vocabularies;
  readonly clock: Clock;
  /** Is the number an item of the catalogue? */
  readonly knowsItem: (number: number) => boolean;
  /** Milliseconds by the catalogue; 0 where it does not tell. */
  readonly durationOf: (itemId: string | undefined) => number;
  /** Told of each event after it was folded. */
  readonly onEvent: (event: FeedbackEvent) => void;
}

/** What the log says while the disk takes nothing. */
const REFUSALS = ['LOG_FULL', 'LOG_WRITE_FAILED'] as const;

interface Taken {
  readonly event: FeedbackEvent;
  readonly position: number;
}

export function createIngest(dependencies: IngestDependencies): Ingest {
  const { log, listeners, seen, pages, vocabularies, clock } = dependencies;
  const counts: IngestCounts = {
    accepted: 0,
    duplicate: 0,
    rejected: 0,
    private: 0,
    flagged: 0,
    unknownItems: 0,
    unfolded: 0,
  };
  const writer = new ByteWriter(1024);
  /** Start positions of envelopes that are appended and not folded yet, oldest first. */
  const unfolded: { readonly start: LogPosition }[] = [];

  const fold = (event: FeedbackEvent, position: number): void => {
    const states = dependencies.states();
    const item = event.itemId === '' ? -1 : vocabularies.items.number(event.itemId);
    const container = event.containerId === '' ? -1 : vocabularies.items.number(event.containerId);
    // Named before anything else: numbers are given in the order of the log, whatever was folded before a crash.
    const entry = unlessCorrupt(() => states.get(event.listenerKey));
    if (entry === undefined) {
      // It costs its listener a personal Home until a rebuild, and nobody an event.
      counts.unfolded++;
      return;
    }
    if (position < entry.applied) return;
    if (item >= 0 && !dependencies.knowsItem(item)) counts.unknownItems++;
    const outcome = foldEvent(entry.state, event, item, container);
    entry.applied = position + 1;
    dependencies.traffic.note(event.listenerKey, entry.state);
    if (outcome.tasteChanged) entry.tasteVersion++;
    if (outcome.meaningful) entry.meaningful = position + 1;
    states.touch(event.listenerKey);
  };

  /** Said so itself, or of a page that was: nothing of it is kept, not even its id. */
  const isPrivate = ({ private: said, reference }: IncomingEvent): boolean =>
    said === true || (reference !== undefined && dependencies.isPrivate(reference.decisionId));

  /** What the reference of an event points to, as far as its page is known. */
  const resolve = ({ type, reference }: IncomingEvent, listenerKey: string): ResolvedReference | undefined => {
    if (reference?.shelfRank === undefined) return undefined;
    const { decisionId, shelfRank, cardRank = -1 } = reference;
    return pages.resolve({ decisionId, shelfRank, cardRank }, listenerKey, type === 'impression');
  };

  /** Appends what the writer holds. When the disk fills in the middle of an envelope, its first events still count: -1. */
  const appendOr = (inTheMiddle: boolean): number => {
    try {
      return positionNumber(log.append(writer.view()));
    } catch (error) {
      if (inTheMiddle && error instanceof ShelfwiseError && REFUSALS.some((code) => code === error.code)) return -1;
      throw error;
    }
  };

  return {
    counts,
    async accept(rows) {
      const receivedAtMs = clock.nowMs();
      const fates: EventFate[] = new Array(rows.length);
      const valid: { readonly index: number; readonly raw: IncomingEvent }[] = [];
      const ids: string[] = [];
      const decisionIds: string[] = [];
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        if (isEvent(row)) {
          if (isPrivate(row)) {
            fates[i] = { eventId: row.eventId, fate: 'private' };
            counts.private++;
            continue;
          }
          valid.push({ index: i, raw: row });
          ids.push(row.listenerId);
          if (row.reference?.shelfRank !== undefined) decisionIds.push(row.reference.decisionId);
        } else {
          fates[i] = invalid(row);
        }
      }
      const entries = await listeners.ensure(ids);
      if (decisionIds.length > 0) await pages.load(decisionIds, receivedAtMs);

      const taken: Taken[] = [];
      const claims = seen.claims(valid.length);
      const start = log.end();
      for (let v = 0; v < valid.length; v++) {
        const { index, raw } = valid[v];
        const listener = entries[v];
        // Also while pages were read: what is appended now would outlive the erasure.
        if (listener === undefined || listeners.isErased(listener.key)) {
          fates[index] = rejected(
            raw.eventId,
            'EVENT_INVALID',
            'the listener was erased while the event arrived',
            'Send it again.',
          );
          continue;
        }
        const event = parseEvent(
          raw,
          listener.key,
          receivedAtMs,
          dependencies.durationOf(raw.itemId),
          resolve(raw, listener.key),
        );
        if (typeof event === 'string') {
          fates[index] = rejected(
            raw.eventId,
            event,
            `the event is not acceptable (${raw.type})`,
            EVENT_REMEDIES[event],
          );
          continue;
        }
        if (!claims.isNew(event.listenerKey, event.eventId)) {
          fates[index] = { eventId: raw.eventId, fate: 'duplicate' };
          counts.duplicate++;
          continue;
        }
        writer.reset();
        encodeEvent(event, writer);
        const position = appendOr(taken.length > 0);
        if (position < 0) {
          fates[index] = rejected(raw.eventId, 'LOG_FULL', CATALOGUE.LOG_FULL.message, CATALOGUE.LOG_FULL.remedy);
          continue;
        }
        claims.claim();
        if (dependencies.traffic.isFlagged(listener.key, listener.profile)) counts.flagged++;
        taken.push({ event, position });
        fates[index] = { eventId: raw.eventId, fate: 'accepted' };
      }

      const pending = { start };
      unfolded.push(pending);
      try {
        // Duplicates wait too: what they repeat may not be on disk yet.
        await log.sync();
      } catch (error) {
        claims.release();
        throw error;
      } finally {
        // Syncs resolve in the order of the appends, so envelopes fold in the order of the log.
        unfolded.splice(unfolded.indexOf(pending), 1);
      }
      claims.settle();
      for (const { event, position } of taken) {
        fold(event, position);
        dependencies.onEvent(event);
      }
      counts.accepted += taken.length;
      for (const fate of fates) if (fate.fate === 'rejected') counts.rejected++;
      return fates;
    },
    recover(from) {
      let events = 0;
      for (const { position, payload } of log.entries(from)) {
        const event = decodeEvent(payload);
        // A flush may have stored ids beyond the place that it noted: they count once.
        const claims = seen.claims(1);
        if (claims.isNew(event.listenerKey, event.eventId)) {
          claims.claim();
          claims.settle();
        }
        fold(event, positionNumber(position));
        events++;
      }
      return events;
    },
    foldedUpTo: () => unfolded[0]?.start ?? log.durableEnd(),
  };
}

function rejected(eventId: string, code: string, message: string, remedy: string): EventFate {
  return { eventId, fate: 'rejected', code, message, remedy };
}

/** What a row that does not match the schema is answered: the first thing that is wrong with it. */
function invalid(row: unknown): EventFate {
  const claimed = row !== null && typeof row === 'object' && 'eventId' in row ? row.eventId : '';
  const eventId = typeof claimed === 'string' ? claimed.slice(0, 200) : '';
  const [first] = checker.Errors(row);
  const where = first === undefined ? 'the event' : first.instancePath === '' ? 'the event' : first.instancePath;
  return rejected(
    eventId,
    'EVENT_INVALID',
    `${where.slice(0, 200)} ${first?.message ?? 'is not valid'}`,
    EVENT_REMEDIES.EVENT_INVALID,
  );
}
