/**
 * Events by the hour in which they occurred, counted from the log in the background. Each hour's file says up to which place of the
 * log it has counted: after a crash every event is counted once, whatever was written. A late event goes to its own hour.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { DAY_MS, HOUR_MS, messageOf } from '../../base/index.ts';
import type { EventType, FeedbackEvent } from '../../domain/index.ts';
import { makeDirDurably, syncDirNow, writeFileDurably } from '../../store/index.ts';
import { addEvent, deviceSlice, type EventCells, emptyCells, mergeCells } from './event-cells.ts';
import { validationDir } from './set-store.ts';
import { boundsOf, hourOf } from './spans.ts';

/** Type → slice → cells; '' is all events. */
export type HourCells = Map<EventType, Map<string, EventCells>>;

interface Hour {
  /** Events at places of the log before this are counted. */
  upTo: number;
  readonly cells: HourCells;
}

/** Since 2 hours hold no hashes of listeners. What is of another format is removed, and the log counted anew. */
const FORMAT = 2;
export const EVENT_HOURS_KEPT_MS = 31 * DAY_MS;
/** Hours that stay in memory, by how recent they are. */
const IN_MEMORY_MS = 48 * HOUR_MS;

export interface EventHours {
  /** The place from which on the log is to be read; -1: from its beginning. */
  readonly from: number;
  /** @param position of the event in the log, @param next of what follows it, as numbers */
  add(event: FeedbackEvent, position: number, next: number, nowMs: number): void;
  /** Hours that have something, oldest first. */
  hours(): readonly string[];
  /** Undefined for one without events. It is not to be changed. */
  hour(hour: string): HourCells | undefined;
  /** How many events of each type it has. What is not in memory is not kept there. */
  eventsIn(hour: string): ReadonlyMap<EventType, number>;
  /** The sum of these hours for a type. */
  merged(type: EventType, hours: readonly string[]): Map<string, EventCells>;
  /** Writes what changed; gives the hours that did since the last time. Durable when it returns. */
  save(nowMs: number): readonly string[];
}

export function openEventHours(dataDir: string, report: (text: string) => void): EventHours {
  const dir = join(validationDir(dataDir), 'hours');
  const cursorFile = join(validationDir(dataDir), 'cursor.json');
  makeDirDurably(dir);
  let from = readCursor(cursorFile, report);
  if (from === OTHER_FORMAT) {
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true });
    from = -1;
  }
  const stored = new Set(readdirSync(dir).flatMap((name) => (name.endsWith('.bin') ? [name.slice(0, -4)] : [])));
  const held = new Map<string, Hour>();
  const dirty = new Set<string>();
  let savedFrom = from;

  const fileOf = (hour: string): string => join(dir, `${hour}.bin`);
  const load = (hour: string): Hour | undefined => {
    const known = held.get(hour);
    if (known !== undefined || !stored.has(hour)) return known;
    try {
      const { format, ...read } = deserialize(readFileSync(fileOf(hour))) as Hour & { format: number };
      if (format !== FORMAT) throw new Error(`it is of format ${format}`);
      held.set(hour, read);
      return read;
    } catch (error) {
      report(`the events of ${hour} do not read (${messageOf(error)}); they are counted from here on`);
      stored.delete(hour);
      return undefined;
    }
  };

  return {
    get from() {
      return from;
    },
    add(event, position, next, nowMs) {
      from = next;
      if (event.occurredAtMs < nowMs - EVENT_HOURS_KEPT_MS) return;
      const name = hourOf(event.occurredAtMs);
      let hour = load(name);
      if (hour === undefined) {
        hour = { upTo: 0, cells: new Map() };
        held.set(name, hour);
      }
      if (position < hour.upTo) return;
      hour.upTo = next;
      dirty.add(name);
      let slices = hour.cells.get(event.type);
      if (slices === undefined) {
        slices = new Map();
        hour.cells.set(event.type, slices);
      }
      for (const slice of ['', deviceSlice(event.device)]) {
        let cells = slices.get(slice);
        if (cells === undefined) {
          cells = emptyCells();
          slices.set(slice, cells);
        }
        addEvent(cells, event);
      }
    },
    hours: () => [...stored.union(held)].sort(),
    hour: (name) => load(name)?.cells,
    eventsIn(name) {
      const isHeld = held.has(name);
      const cells = load(name)?.cells ?? new Map();
      if (!isHeld) held.delete(name);
      return new Map([...cells].map(([type, slices]) => [type, slices.get('')?.events ?? 0]));
    },
    merged(type, hours) {
      const sum = new Map<string, EventCells>();
      for (const name of hours) {
        for (const [slice, cells] of load(name)?.cells.get(type) ?? []) {
          const into = sum.get(slice) ?? emptyCells();
          mergeCells(into, cells);
          sum.set(slice, into);
        }
      }
      return sum;
    },
    save(nowMs) {
      const changed = [...dirty].sort();
      for (const name of changed) {
        writeFileDurably(fileOf(name), serialize({ format: FORMAT, ...(held.get(name) as Hour) }), false);
        stored.add(name);
      }
      dirty.clear();
      if (changed.length > 0) syncDirNow(dir);
      // The cursor last: what is written of hours beyond it is passed over when it is read again.
      if (from !== savedFrom) writeFileDurably(cursorFile, JSON.stringify({ format: FORMAT, from }));
      savedFrom = from;
      for (const name of stored) {
        const { toMs } = boundsOf(name);
        if (toMs < nowMs - IN_MEMORY_MS) held.delete(name);
        if (toMs >= nowMs - EVENT_HOURS_KEPT_MS) continue;
        rmSync(fileOf(name), { force: true });
        stored.delete(name);
      }
      return changed;
    },
  };
}

const OTHER_FORMAT = -2;

function readCursor(file: string, report: (text: string) => void): number {
  if (!existsSync(file)) return -1;
  try {
    const { format, from } = JSON.parse(readFileSync(file, 'utf8')) as { format: number; from: number };
    if (format !== FORMAT) return OTHER_FORMAT;
    if (Number.isSafeInteger(from)) return from;
  } catch (error) {
    report(`the place in the log does not read (${messageOf(error)})`);
  }
  return -1;
}
