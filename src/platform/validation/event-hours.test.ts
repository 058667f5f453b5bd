import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../base/index.ts';
import type { FeedbackEvent } from '../../domain/index.ts';
import { EVENT_HOURS_KEPT_MS, type EventHours, openEventHours } from './event-hours.ts';
import { playAt } from './event-testing.ts';
import { validationDir } from './set-store.ts';

const root = mkdtempSync(join(tmpdir(), 'shelfwise-hours-'));
afterAll(() => rmSync(root, { recursive: true }));

const NOON_MS = Date.parse('2026-11-20T12:00:00Z');
const silent = (): void => {};

const eventAt = (occurredAtMs: number, listener: number): FeedbackEvent => playAt(occurredAtMs, listener, NOON_MS);

/** The log: places are multiples of ten. Read from where the hours say. */
function follow(hours: EventHours, log: readonly FeedbackEvent[]): void {
  log.forEach((event, i) => {
    if (i * 10 >= hours.from) hours.add(event, i * 10, (i + 1) * 10, NOON_MS);
  });
}
const countOf = (hours: EventHours, hour: string): number => hours.hour(hour)?.get('play')?.get('')?.events ?? 0;

describe('hours of events', () => {
  const log = Array.from({ length: 90 }, (_, i) => eventAt(NOON_MS - (i % 3) * HOUR_MS, i));

  it('hold each event once after a stop in the middle of writing: the cursor is older than the hours', () => {
    const dir = join(root, 'crash');
    const first = openEventHours(dir, silent);
    follow(first, log.slice(0, 60));
    expect(first.save(NOON_MS)).toEqual(['2026-11-20T10', '2026-11-20T11', '2026-11-20T12']);
    // What a crash between the hours and the cursor leaves.
    rmSync(join(validationDir(dir), 'cursor.json'));
    const second = openEventHours(dir, silent);
    expect(second.from).toBe(-1);
    follow(second, log);
    second.save(NOON_MS);
    const third = openEventHours(dir, silent);
    expect(third.from).toBe(900);
    for (const hour of ['2026-11-20T10', '2026-11-20T11', '2026-11-20T12']) expect(countOf(third, hour)).toBe(30);
  });

  it('take a late event into its own hour, and one that is too late nowhere', () => {
    const hours = openEventHours(join(root, 'late'), silent);
    hours.add(eventAt(NOON_MS, 1), 0, 10, NOON_MS);
    hours.add(eventAt(NOON_MS - 100 * HOUR_MS, 1), 10, 20, NOON_MS);
    hours.add(eventAt(NOON_MS - EVENT_HOURS_KEPT_MS - HOUR_MS, 1), 20, 30, NOON_MS);
    expect(hours.save(NOON_MS)).toEqual(['2026-11-16T08', '2026-11-20T12']);
    expect(hours.hours()).toEqual(['2026-11-16T08', '2026-11-20T12']);
    expect(hours.merged('play', hours.hours()).get('device_tv')?.events).toBe(2);
    expect(hours.from).toBe(30);
  });

  it('hold no part of a listener’s key, and what held some is removed and counted anew', () => {
    const dir = join(root, 'keys');
    const folder = join(validationDir(dir), 'hours');
    const hours = openEventHours(dir, silent);
    for (let i = 0; i < 20; i++) hours.add(eventAt(NOON_MS, 0xa1b2c300 + i), i, i + 1, NOON_MS);
    hours.save(NOON_MS);
    const bytes = readFileSync(join(folder, '2026-11-20T12.bin'));
    for (let i = 0; i < 20; i++) {
      const hash = Buffer.alloc(4);
      hash.writeUInt32LE(0xa1b2c300 + i);
      expect(bytes.includes(hash)).toBe(false);
    }
    writeFileSync(join(validationDir(dir), 'cursor.json'), JSON.stringify({ format: 1, from: 20 }));
    const again = openEventHours(dir, silent);
    expect([again.from, again.hours(), readdirSync(folder)]).toEqual([-1, [], []]);
  });

  it('say so when a file does not read, and go on', () => {
    const dir = join(root, 'damaged');
    const hours = openEventHours(dir, silent);
    hours.add(eventAt(NOON_MS, 1), 0, 10, NOON_MS);
    hours.save(NOON_MS);
    writeFileSync(join(validationDir(dir), 'hours', '2026-11-20T12.bin'), 'no cells');
    const said: string[] = [];
    const again = openEventHours(dir, (text) => said.push(text));
    expect(again.hour('2026-11-20T12')).toBeUndefined();
    again.add(eventAt(NOON_MS, 2), 10, 20, NOON_MS);
    expect(countOf(again, '2026-11-20T12')).toBe(1);
    expect(said).toEqual([expect.stringContaining('2026-11-20T12 do not read')]);
  });
});
