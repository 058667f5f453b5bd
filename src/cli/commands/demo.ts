/** The demo world, loaded once: a marker beside the data says how far that came, so that an interrupted load goes on. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, ShelfwiseError } from '../../base/index.ts';
import type { IncomingEvent } from '../../domain/index.ts';
import type { PlatformService } from '../../platform/index.ts';
import type { DemoWorld } from '../../simulation/index.ts';
import type { Run } from '../command.ts';
import { createPipeline } from '../pipeline.ts';
import { withProgress } from '../progress.ts';
import { ENVELOPE_ROWS } from './import.ts';
import { FITTING } from './jobs.ts';

/** What is loaded of the world: nothing of its truth. */
export interface DemoSource extends Pick<DemoWorld, 'days' | 'items' | 'listeners' | 'campaigns'> {
  readonly history: AsyncIterable<readonly IncomingEvent[]>;
  close(): Promise<void>;
}

/** What a load asks of the platform: the same that the API's routes ask, without a text of JSON between the two. */
export type DemoTarget = Pick<PlatformService, 'upsertItems' | 'putListeners' | 'putCampaign' | 'ingest' | 'fit'>;

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
  target: DemoTarget,
  dataDir: string,
  itemsBefore: number,
  open: (marker: Marker) => Promise<DemoSource> = generatedWorld,
): Promise<void> {
  const held = readMarker(dataDir);
  if (held?.state === 'loaded') return;
  if (held === undefined && itemsBefore > 0) {
    run.cli.err('The data directory holds data of yours: the demo world is not loaded into it.\n');
    return;
  }
  const marker: Marker = held ?? { state: 'loading', seed: DEMO_SEED, endMs: run.cli.clock.nowMs() };
  writeMarker(dataDir, marker);
  const demo = await open(marker);
  try {
    await step(run, 'Demo catalogue', 'items', envelopes(demo.items()), async (items) =>
      refuseRejected(await target.upsertItems(items)),
    );
    await step(run, 'Demo listeners', 'listeners', envelopes(demo.listeners()), async (listeners) => {
      await target.putListeners(listeners);
    });
    for (const { id, ...body } of demo.campaigns()) await target.putCampaign(id, body);
    const startMs = marker.endMs - demo.days * DAY_MS;
    await step(
      run,
      `Demo listening of ${demo.days} days`,
      'events',
      demo.history,
      async (events) => refuseRejected(await target.ingest(events)),
      (event) => (Date.parse(event.occurredAt) - startMs) / (marker.endMs - startMs),
    );
  } finally {
    await demo.close();
  }
  await withProgress(
    run.cli,
    FITTING,
    (update) => target.fit({ onProgress: (stage, share) => update(share, stage) }),
    () => 'they serve',
  );
  writeMarker(dataDir, { ...marker, state: 'loaded' });
}

async function generatedWorld({ seed, endMs }: Marker): Promise<DemoSource> {
  const { createDemoWorld, historyBatches } = await import('../../simulation/index.ts');
  // Its thread makes the history while this one takes catalogue and listeners in.
  const { batches, close } = historyBatches({ seed, endMs }, ENVELOPE_ROWS);
  return { ...createDemoWorld({ seed, endMs }), history: batches, close };
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
  envelopesOfRows: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  send: (rows: readonly T[]) => Promise<void>,
  shareAt: (row: T) => number = () => 0,
): Promise<void> {
  await withProgress(
    run.cli,
    label,
    async (update) => {
      const pipeline = createPipeline(ENVELOPES_UNDER_WAY);
      let sent = 0;
      for await (const rows of envelopesOfRows) {
        run.cli.stop.throwIfAborted();
        await pipeline.push(() => send(rows));
        sent += rows.length;
        update(shareAt(rows[rows.length - 1]), `${sent} ${unit}`);
      }
      await pipeline.drain();
      return sent;
    },
    (sent) => `${sent} ${unit}`,
  );
}

function* envelopes<T>(rows: Iterable<T>): Iterable<readonly T[]> {
  let envelope: T[] = [];
  for (const row of rows) {
    envelope.push(row);
    if (envelope.length < ENVELOPE_ROWS) continue;
    yield envelope;
    envelope = [];
  }
  if (envelope.length > 0) yield envelope;
}

/** The world is ours: a row of it that is refused is a defect. */
function refuseRejected(fates: readonly { readonly fate: string }[]): void {
  const first = fates.find(({ fate }) => fate === 'rejected');
  if (first !== undefined) {
    throw new ShelfwiseError('BUG', `a row of the demo world was refused: ${JSON.stringify(first)}`);
  }
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
