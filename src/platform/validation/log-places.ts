/**
 * From where the logs are to be read for a day: from where they stood before it began, since whatever belongs to it was written after
 * that; of events at least from the first that speaks of a decision, since histories that were imported speak of none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, messageOf } from '../../base/index.ts';
import { comparePositions, writeFileDurably } from '../../store/index.ts';
import { positionOf } from '../states.ts';
import type { DataEnds } from './questions.ts';
import { validationDir } from './set-store.ts';

export type Places = Pick<DataEnds, 'events' | 'decisions'>;

export interface LogPlaces {
  /** Events before this place speak of no decision; undefined where it is not known of the first. A number, see `positionNumber`. */
  readonly silentTo: number | undefined;
  /** Notes where the logs end now, and what was read of events. Durable when it returns. */
  note(ends: DataEnds, silentTo?: number): void;
  /**
   * Places before everything that was written at or after `atMs`; without the one that is not known: then all is to be read.
   * @param ends where the logs end now: a log that was put back to an earlier copy of itself ends before what was noted of it
   */
  before(atMs: number, ends: Places): Partial<Places>;
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
  readonly silentTo?: number;
}

export function openLogPlaces(dataDir: string, report: (text: string) => void): LogPlaces {
  const file = join(validationDir(dataDir), 'places.json');
  let saved = readSaved(file, report);
  return {
    get silentTo() {
      return saved.silentTo;
    },
    note({ events, decisions, nowMs }, silent = saved.silentTo) {
      const { last, days } = saved;
      const wasPutBack = last !== undefined && comparePositions(events, last.events) < 0;
      const silentTo = wasPutBack ? undefined : silent;
      // A clock that was put back says nothing about which day is which: what follows is noted anew.
      const isForward = last === undefined || (nowMs >= last.nowMs && isWithin(last, { events, decisions }));
      const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
      const kept = isForward ? Object.entries(days).filter(([day]) => Number(day) >= today - KEPT_MS) : [];
      if (isForward && last !== undefined && last.nowMs < today && days[today] === undefined)
        kept.push([String(today), { events: last.events, decisions: last.decisions }]);
      saved = {
        format: FORMAT,
        last: { events, decisions, nowMs },
        days: Object.fromEntries(kept),
        ...(silentTo === undefined ? {} : { silentTo }),
      };
      writeFileDurably(file, JSON.stringify(saved));
    },
    before(atMs, ends) {
      const begun = Object.keys(saved.days)
        .map(Number)
        .filter((day) => day <= atMs);
      const noted = saved.days[Math.max(...begun)];
      const places: Partial<Places> = noted !== undefined && isWithin(noted, ends) ? noted : {};
      if (saved.silentTo === undefined) return places;
      const spoken = positionOf(saved.silentTo);
      const isLater = places.events === undefined || comparePositions(spoken, places.events) > 0;
      return isLater && comparePositions(spoken, ends.events) <= 0 ? { ...places, events: spoken } : places;
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
