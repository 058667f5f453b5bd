/**
 * Visits that lie in the past: listeners of the demo world ask for their Homes days ago, and do with them what the world's truth says, so
 * that what they earned has matured. What pages and comparisons of policies are tried and photographed with.
 *
 *   node scripts/past-visits.ts DATA [listeners] [rounds]
 *
 * DATA: a data directory that `shelfwise up --demo` has filled, and that nobody has open.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng, DAY_MS, HOUR_MS, manualClock } from '../src/base/index.ts';
import { DEVICES, type Page } from '../src/domain/index.ts';
import { openPlatform } from '../src/platform/index.ts';
import { createDemoWorld, type DemoWorld } from '../src/simulation/index.ts';

export interface PastVisits {
  readonly listeners: number;
  /** Visits of each, six hours apart. */
  readonly rounds: number;
}

/** Days before now that they begin. */
const BEGIN_DAYS = 3;
const SEED = 7;
/** What is taken in at once. */
const ENVELOPE = 1000;

export async function makePastVisits(
  dataDir: string,
  world: DemoWorld,
  { listeners, rounds }: PastVisits,
): Promise<void> {
  const clock = manualClock(Date.now() - BEGIN_DAYS * DAY_MS);
  const platform = await openPlatform({ dataDir, clock, learnEveryMs: 0, insightsEveryMs: 0 });
  const rng = createRng(SEED);
  try {
    for (let round = 0; round < rounds; round++) {
      let events: unknown[] = [];
      let asked = 0;
      for (const { id } of world.listeners()) {
        if (asked++ >= listeners) break;
        const device = DEVICES[rng.below(DEVICES.length)];
        const bytes = await platform.home(id, { device, explain: false, fresh: true });
        const page = JSON.parse(Buffer.from(bytes).toString()) as Page;
        events.push(...world.respond(id, page, rng, clock.nowMs(), { device }));
        if (events.length < ENVELOPE) continue;
        await platform.ingest(events);
        events = [];
      }
      await platform.ingest(events);
      clock.advance(6 * HOUR_MS);
    }
  } finally {
    await platform.close();
  }
}

if (import.meta.main) {
  const [dataDir = '', listeners = '1500', rounds = '2'] = process.argv.slice(2);
  const { seed, endMs } = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as {
    seed: number;
    endMs: number;
  };
  await makePastVisits(dataDir, createDemoWorld({ seed, endMs }), {
    listeners: Number(listeners),
    rounds: Number(rounds),
  });
}
