/** Platforms, listeners and Homes for the tests of this room. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRng,
  HOUR_MS,
  type ManualClock,
  manualClock,
  type Rng,
  type Seed,
  ShelfwiseError,
} from '../base/index.ts';
import type { Page } from '../domain/index.ts';
import type { PolicyId } from '../home/index.ts';
import type { PlatformOptions } from './config.ts';
import { type Adapters, openPlatform, type Platform } from './open.ts';

export const START_MS = Date.UTC(2026, 10, 1, 12);

const dirs: string[] = [];

export function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shelfwise-platform-'));
  dirs.push(dir);
  return dir;
}

export function removeDirs(): void {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
}

/** Where the seeds of a directory go on, however often it is opened: ids of decisions are not given twice. */
const seeds = new Map<string, Rng>();

/** Seeds that are the same in every run: what a test draws does not differ from one day to the next. */
function seedsOf(dataDir: string): () => Seed {
  const rng = seeds.get(dataDir) ?? createRng(1);
  seeds.set(dataDir, rng);
  return () => Uint32Array.from({ length: 4 }, () => rng.uint32());
}

/** Without a learner of its own, in small segments, everybody drawn by the same policy. */
export const open = (
  dataDir: string,
  clock: ManualClock,
  options: Partial<PlatformOptions> = {},
  adapters?: Adapters,
): Promise<Platform> =>
  openPlatform(
    {
      dataDir,
      clock,
      learnEveryMs: 0,
      segmentBytes: 16 * 1024,
      pageLifetimeMs: HOUR_MS,
      popularityHoldout: 0,
      freshSeed: seedsOf(dataDir),
      ...options,
    },
    adapters,
  );

const ARTISTS = 30;
export const LISTENERS = 12;

/** Artists in two camps; listeners of each play within their camp. */
export async function fill(platform: Platform, clock: ManualClock): Promise<void> {
  await platform.upsertItems(
    Array.from({ length: ARTISTS }, (_, a) => ({
      id: `artist:${a}`,
      kind: 'artist',
      title: `Artist ${a}`,
      genres: [a % 2 === 0 ? 'calm' : 'loud'],
    })),
  );
  let n = 0;
  for (let listener = 0; listener < LISTENERS; listener++) {
    const events = [];
    for (let play = 0; play < 60; play++) {
      const artist = (2 * ((play * 7 + listener) % (ARTISTS / 2)) + (listener % 2)) % ARTISTS;
      // The last artists of each camp are left for others to discover.
      if (artist >= ARTISTS - 6 && listener < LISTENERS / 2) continue;
      events.push({
        eventId: `e${n++}`,
        type: 'play',
        listenerId: `l${listener}`,
        itemId: `artist:${artist}`,
        occurredAt: new Date(clock.nowMs() - (60 - play) * 6 * HOUR_MS).toISOString(),
        playedMs: 200_000,
        durationMs: 200_000,
      });
    }
    const fates = await platform.ingest(events);
    if (fates.some((fate) => fate.fate !== 'accepted')) throw new ShelfwiseError('BUG', JSON.stringify(fates));
  }
}

/** A directory of its own, filled and fitted at `START_MS`: made once for a test file, and copied. */
export async function fittedDir(): Promise<string> {
  template ??= makeFittedDir();
  const dir = newDir();
  cpSync(await template, dir, { recursive: true });
  return dir;
}

let template: Promise<string> | undefined;

async function makeFittedDir(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'shelfwise-fitted-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const clock = manualClock(START_MS);
  const platform = await open(dir, clock);
  await fill(platform, clock);
  await platform.fit({});
  await platform.close();
  return dir;
}

export async function home(
  platform: Platform,
  listenerId: string,
  options: { explain?: boolean; fresh?: boolean; policyId?: PolicyId } = {},
): Promise<Page> {
  const bytes = await platform.home(listenerId, { device: 'desktop', explain: false, fresh: true, ...options });
  return JSON.parse(Buffer.from(bytes).toString()) as Page;
}

/** What makes the model learn: the first card of a page, rendered and played. */
export async function playFirstCard(
  platform: Platform,
  listenerId: string,
  page: Page,
  clock: ManualClock,
): Promise<void> {
  const common = { listenerId, occurredAt: new Date(clock.nowMs()).toISOString() };
  await platform.ingest([
    {
      ...common,
      eventId: `rendered ${page.decisionId}`,
      type: 'rendered',
      reference: { decisionId: page.decisionId },
    },
    {
      ...common,
      eventId: `played ${page.decisionId}`,
      type: 'play',
      itemId: page.shelves[0].cards[0].id,
      playedMs: 200_000,
      reference: { decisionId: page.decisionId, shelfRank: 0, cardRank: 0 },
    },
  ]);
}
