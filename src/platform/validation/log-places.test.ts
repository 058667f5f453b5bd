import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../base/index.ts';
import { makeDirDurably } from '../../store/index.ts';
import { positionNumber } from '../states.ts';
import { openLogPlaces } from './log-places.ts';
import { validationDir } from './set-store.ts';

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true });
});
function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shelfwise-places-'));
  dirs.push(dir);
  makeDirDurably(validationDir(dir));
  return dir;
}

const DAY = Date.UTC(2026, 10, 20);
const endsAt = (nowMs: number, segment: number, offset: number) => ({
  events: { segment, offset },
  decisions: { segment, offset: offset + 1 },
  catalogHash: '',
  nowMs,
});
const at = (segment: number, offset: number) => ({
  events: { segment, offset },
  decisions: { segment, offset: offset + 1 },
});
const END = at(9, 0);
const silent = (): void => undefined;

describe('places of days in the logs', () => {
  it('are the last ends that were seen before a day began, after a restart too', () => {
    const dir = newDir();
    const places = openLogPlaces(dir, silent);
    places.note(endsAt(DAY - HOUR_MS, 1, 100));
    places.note(endsAt(DAY - 1, 1, 200));
    openLogPlaces(dir, silent).note(endsAt(DAY, 1, 300));
    const again = openLogPlaces(dir, silent);
    again.note(endsAt(DAY + HOUR_MS, 2, 50));
    expect(again.before(DAY, END)).toEqual(at(1, 200));
    expect(again.before(DAY + HOUR_MS, END)).toEqual(at(1, 200));
    expect(again.before(DAY - 1, END)).toEqual({});
    // Two days in which nobody looked: what came in them stands after the day before.
    again.note(endsAt(DAY + 3 * DAY_MS + HOUR_MS, 3, 0));
    expect(again.before(DAY + DAY_MS, END)).toEqual(at(1, 200));
    expect(again.before(DAY + 3 * DAY_MS, END)).toEqual(at(2, 50));
  });

  it('begin, of events, not before the first that speaks of a decision', () => {
    const dir = newDir();
    const places = openLogPlaces(dir, silent);
    expect(places.silentTo).toBeUndefined();
    const number = (segment: number, offset: number) => positionNumber({ segment, offset });
    places.note(endsAt(DAY - 1, 1, 500), number(1, 300));
    expect(places.before(DAY - 1, END)).toEqual({ events: { segment: 1, offset: 300 } });
    // What is noted later of the logs alone does not take it back.
    places.note(endsAt(DAY, 2, 0));
    const again = openLogPlaces(dir, silent);
    expect(again.silentTo).toBe(number(1, 300));
    expect(again.before(DAY, END)).toEqual(at(1, 500));
    again.note(endsAt(DAY + 1, 2, 100), number(1, 600));
    expect(again.before(DAY, END)).toEqual({ ...at(1, 500), events: { segment: 1, offset: 600 } });
    // A log that was put back ends before it.
    expect(again.before(DAY - 1, at(1, 100))).toEqual({});
    // And what was written to it since may speak of some.
    again.note(endsAt(DAY + 2, 1, 100));
    again.note(endsAt(DAY + 3, 3, 0));
    expect(again.silentTo).toBeUndefined();
    expect(again.before(DAY - 1, END)).toEqual({});
  });

  it('are forgotten when the logs or the clock were put back, and where they do not read', () => {
    const dir = newDir();
    const places = openLogPlaces(dir, silent);
    places.note(endsAt(DAY - 1, 3, 200));
    places.note(endsAt(DAY, 3, 300));
    expect(places.before(DAY, at(3, 100))).toEqual({});
    expect(places.before(DAY, END)).toEqual(at(3, 200));
    places.note(endsAt(DAY + 1, 3, 100));
    expect(places.before(DAY, END)).toEqual({});

    places.note(endsAt(DAY + DAY_MS, 3, 400));
    expect(places.before(DAY + DAY_MS, END)).toEqual(at(3, 100));
    places.note(endsAt(DAY + HOUR_MS, 3, 500));
    expect(places.before(DAY + DAY_MS, END)).toEqual({});

    const said: string[] = [];
    writeFileSync(join(validationDir(dir), 'places.json'), '{');
    expect(openLogPlaces(dir, (text) => said.push(text)).before(DAY, END)).toEqual({});
    expect(said).toEqual([expect.stringContaining('read whole')]);
  });
});
