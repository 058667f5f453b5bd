/**
 * Where the logs stood before a day began. Whatever belongs to the day was written after that, so that an examination reads a day
 * and not the whole history.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, messageOf } from '../../base/index.ts';
import { comparePositions, writeFileDurably } from '../../store/index.ts';
import type { DataEnds } from './questions.ts';
import { validationDir } from './set-store.ts';

export type Places = Pick<DataEnds, 'events' | 'decisions'>;

export interface LogPlaces {
  /** Notes where the logs end now. Durable when it returns. */
  note(ends: DataEnds): void;
  /**
   * Places before everything that was written at or after `atMs`; undefined where it is not known: then all is to be read.
   * @param ends where the logs end now: a log that was put back to an earlier copy of itself ends before what was noted of it
   */
  before(atMs: number, ends: Places): Places | undefined;
}

const FORMAT = 1;
const KEPT_MS = 30 * DAY_MS;

interface Noted extends Places {
  readonly nowMs: number;
}

interface Saved {
  readonly format: typeof FORMAT;
  /** The last ends that were noted. */
  readonly last: Noted | undefined;
  /** By the time at which the day begins: the last ends that were noted before it. */
  readonly days: Readonly<Record<string, Places>>;
}

export function openLogPlaces(dataDir: string, report: (text: string) => void): LogPlaces {
  const file = join(validationDir(dataDir), 'places.json');
  let saved = readSaved(file, report);
  return {
    note({ events, decisions, nowMs }) {
      const { last, days } = saved;
      // A clock that was put back says nothing about which day is which: what follows is noted anew.
      const isForward = last === undefined || (nowMs >= last.nowMs && isWithin(last, { events, decisions }));
      const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
      const kept = isForward ? Object.entries(days).filter(([day]) => Number(day) >= today - KEPT_MS) : [];
      if (isForward && last !== undefined && last.nowMs < today && days[today] === undefined)
        kept.push([String(today), { events: last.events, decisions: last.decisions }]);
      saved = { format: FORMAT, last: { events, decisions, nowMs }, days: Object.fromEntries(kept) };
      writeFileDurably(file, JSON.stringify(saved));
    },
    before(atMs, ends) {
      const begun = Object.keys(saved.days)
        .map(Number)
        .filter((day) => day <= atMs);
      const places = saved.days[Math.max(...begun)];
      return places !== undefined && isWithin(places, ends) ? places : undefined;
    },
  };
}

function isWithin(places: Places, ends: Places): boolean {
  return comparePositions(places.events, ends.events) <= 0 && comparePositions(places.decisions, ends.decisions) <= 0;
}

function readSaved(file: string, report: (text: string) => void): Saved {
  const none: Saved = { format: FORMAT, last: undefined, days: {} };
  if (!existsSync(file)) return none;
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Saved;
    return read.format === FORMAT ? read : none;
  } catch (error) {
    report(`where days begin in the logs does not read (${messageOf(error)}): they are read whole`);
    return none;
  }
}
