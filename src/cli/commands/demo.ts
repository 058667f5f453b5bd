/** The demo world, loaded once: a marker beside the data says how far that came, so that an interrupted load goes on. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, ShelfwiseError } from '../../base/index.ts';
import type { EventsAnswer, ItemsAnswer, ListenersAnswer } from '../../server/index.ts';
import type { DemoWorld } from '../../simulation/index.ts';
import type { ApiClient } from '../client.ts';
import type { Run } from '../command.ts';
import { createPipeline } from '../pipeline.ts';
import { startProgress } from '../progress.ts';
import { ENVELOPE_ROWS, fitAll } from './import.ts';

/** What is loaded of the world: nothing of its truth. */
type Loaded = Pick<DemoWorld, 'days' | 'items' | 'listeners' | 'history'>;

interface Marker {
  readonly state: 'loading' | 'loaded';
  readonly seed: number;
  /** The end of the history: a resumed load generates the same events, which double nothing. */
  readonly endMs: number;
}

const DEMO_SEED = 1;
const MARKER = 'demo.json';
const ENVELOPES_UNDER_WAY = 3;

/** Fills an empty data directory with the demo world; leaves one that holds other data alone. */
export async function loadDemo(
  run: Run,
  client: ApiClient,
  dataDir: string,
  itemsBefore: number,
  world: (marker: Marker) => Promise<Loaded> = generatedWorld,
): Promise<void> {
  const held = readMarker(dataDir);
  if (held?.state === 'loaded') return;
  if (held === undefined && itemsBefore > 0) {
    run.cli.err('The data directory holds data of yours: the demo world is not loaded into it.\n');
    return;
  }
  const marker: Marker = held ?? { state: 'loading', seed: DEMO_SEED, endMs: run.cli.clock.nowMs() };
  writeMarker(dataDir, marker);
  const demo = await world(marker);

  await step(run, 'Demo catalogue', 'items', demo.items(), async (items) => {
    refuseRejected(await client.request<ItemsAnswer>('PUT', '/v1/items', { items }));
  });
  await step(run, 'Demo listeners', 'listeners', demo.listeners(), async (listeners) => {
    refuseRejected(await client.request<ListenersAnswer>('POST', '/v1/listeners', { listeners }));
  });
  const startMs = marker.endMs - demo.days * DAY_MS;
  await step(
    run,
    `Demo listening of ${demo.days} days`,
    'events',
    demo.history(),
    async (events) => {
      refuseRejected(await client.request<EventsAnswer>('POST', '/v1/events', { events }));
    },
    (event) => (Date.parse(event.occurredAt) - startMs) / (marker.endMs - startMs),
  );
  await fitAll(run, client);
  writeMarker(dataDir, { ...marker, state: 'loaded' });
}

async function generatedWorld({ seed, endMs }: Marker): Promise<DemoWorld> {
  const { createDemoWorld } = await import('../../simulation/index.ts');
  return createDemoWorld({ seed, endMs });
}

export interface DemoCovers {
  /** Makes ready what covers are drawn from, where a demo world is loaded: before serving, since it takes a moment. */
  prepare(): Promise<void>;
  coverOf(itemId: string): string | undefined;
}

/** Covers of the demo world's items; none for data of other origin. */
export function createDemoCovers(dataDir: string, isItem: (itemId: string) => boolean): DemoCovers {
  let world: Pick<DemoWorld, 'coverSvg'> | undefined;
  return {
    async prepare() {
      const marker = world === undefined ? readMarker(dataDir) : undefined;
      if (marker === undefined) return;
      const { createDemoWorld } = await import('../../simulation/index.ts');
      // The catalogue alone: it depends neither on the listeners nor on the days of their history.
      world = createDemoWorld({ seed: marker.seed, endMs: marker.endMs, listeners: 0, days: 1 });
    },
    coverOf: (itemId) => (isItem(itemId) ? world?.coverSvg(itemId) : undefined),
  };
}

async function step<T>(
  run: Run,
  label: string,
  unit: string,
  rows: Iterable<T>,
  send: (rows: readonly T[]) => Promise<void>,
  shareAt: (row: T) => number = () => 0,
): Promise<void> {
  const progress = startProgress(run.cli, label);
  const pipeline = createPipeline(ENVELOPES_UNDER_WAY);
  let sent = 0;
  try {
    let envelope: T[] = [];
    for (const row of rows) {
      envelope.push(row);
      if (envelope.length < ENVELOPE_ROWS) continue;
      run.cli.stop.throwIfAborted();
      const full = envelope;
      await pipeline.push(() => send(full));
      sent += full.length;
      envelope = [];
      progress.update(shareAt(row), `${sent} ${unit}`);
    }
    const last = envelope;
    if (last.length > 0) await pipeline.push(() => send(last));
    await pipeline.drain();
    sent += last.length;
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
