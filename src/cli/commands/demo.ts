/** The demo world, loaded once: a marker beside the data says how far that came, so that an interrupted load goes on. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShelfwiseError } from '../../base/index.ts';
import type { IncomingEvent, Item, ListenerProfile } from '../../domain/index.ts';
import { type EventsAnswer, type ItemsAnswer, type ListenersAnswer, MAX_ROWS } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import type { Run } from '../command.ts';
import { startProgress } from '../progress.ts';
import { fitAll } from './import.ts';

/** What the generated world yields; nothing of its truth. */
export interface DemoWorld {
  items(): Iterable<Item>;
  listeners(): Iterable<{ readonly id: string; readonly profile: ListenerProfile }>;
  history(): Iterable<IncomingEvent>;
}

interface Marker {
  readonly state: 'loading' | 'loaded';
  readonly seed: number;
  /** The end of the history: a resumed load generates the same events, which double nothing. */
  readonly nowMs: number;
}

const DEMO_SEED = 1;
const MARKER = 'demo.json';

/** Fills an empty data directory with the demo world; leaves one that holds other data alone. */
export async function loadDemo(
  run: Run,
  client: ApiClient,
  dataDir: string,
  itemsBefore: number,
  world: (seed: number, nowMs: number) => Promise<DemoWorld> = generatedWorld,
): Promise<void> {
  const held = readMarker(dataDir);
  if (held?.state === 'loaded') return;
  if (held === undefined && itemsBefore > 0) {
    run.cli.err('The data directory holds data of yours: the demo world is not loaded into it.\n');
    return;
  }
  const marker: Marker = held ?? { state: 'loading', seed: DEMO_SEED, nowMs: run.cli.clock.nowMs() };
  writeMarker(dataDir, marker);
  const demo = await world(marker.seed, marker.nowMs);

  await step(run, 'Demo catalogue', 'items', demo.items(), async (items) => {
    refuseRejected(await client.request<ItemsAnswer>('PUT', '/v1/items', { items }));
  });
  await step(run, 'Demo listeners', 'listeners', demo.listeners(), async (listeners) => {
    refuseRejected(await client.request<ListenersAnswer>('POST', '/v1/listeners', { listeners }));
  });
  await step(run, 'Demo listening of 60 days', 'events', demo.history(), async (events) => {
    refuseRejected(await client.request<EventsAnswer>('POST', '/v1/events', { events }));
  });
  await fitAll(run, client);
  writeMarker(dataDir, { ...marker, state: 'loaded' });
}

async function generatedWorld(seed: number, nowMs: number): Promise<DemoWorld> {
  const { createDemoWorld } = await import('../../simulation/index.ts');
  return createDemoWorld({ seed, nowMs });
}

async function step<T>(
  run: Run,
  label: string,
  unit: string,
  rows: Iterable<T>,
  send: (rows: readonly T[]) => Promise<void>,
): Promise<void> {
  const progress = startProgress(run.cli, label);
  let sent = 0;
  try {
    let envelope: T[] = [];
    for (const row of rows) {
      envelope.push(row);
      if (envelope.length < MAX_ROWS) continue;
      run.cli.stop.throwIfAborted();
      await send(envelope);
      sent += envelope.length;
      envelope = [];
      progress.update(0, `${sent} ${unit}`);
    }
    if (envelope.length > 0) await send(envelope);
    sent += envelope.length;
    progress.done(`${sent} ${unit}`);
  } catch (error) {
    progress.fail();
    throw error;
  }
}

/** The world is ours: a row of it that is refused is a defect. */
function refuseRejected(answer: { readonly rejected: number; readonly fates: readonly object[] }): void {
  if (answer.rejected === 0) return;
  const first = answer.fates.find((fate) => 'fate' in fate && fate.fate === 'rejected');
  throw new ShelfwiseError('BUG', `${answer.rejected} rows of the demo world were refused: ${JSON.stringify(first)}`);
}

function readMarker(dataDir: string): Marker | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, MARKER), 'utf8')) as Marker;
  } catch (error) {
    // Not there, or cut off while it was written: nothing is known.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writeMarker(dataDir: string, marker: Marker): void {
  const path = join(dataDir, MARKER);
  writeFileSync(`${path}.tmp`, JSON.stringify(marker));
  renameSync(`${path}.tmp`, path);
}
