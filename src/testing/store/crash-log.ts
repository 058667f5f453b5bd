/**
 * Crashes an event log a thousand times on a disk that keeps only what was synced, and counts what came of it.
 * Run by hand: `node src/testing/store/crash-log.ts 1000 7` prints the report as JSON.
 */
import { createRng, type Rng, ShelfwiseError } from '../../base/index.ts';
import { type EventLog, openEventLog } from '../../store/index.ts';
import { type MemoryDisk, memoryDiskDroppingUnsynced } from './memory-disk.ts';

export interface CrashReport {
  readonly crashes: number;
  readonly appended: number;
  /** Entries whose `sync` had resolved. */
  readonly acked: number;
  /** Acknowledged entries that were gone after a crash: must be 0. */
  readonly lost: number;
  /** Entries that were there twice: must be 0. */
  readonly doubled: number;
  /** Entries that were there but not as they were appended: must be 0. */
  readonly altered: number;
  /** Refused by a full or failing disk, and by the contract not there while the process lives on. */
  readonly refused: number;
  /** Refused entries that the living log still showed: must be 0. */
  readonly undead: number;
  /** Bytes cut off as torn tails. */
  readonly cutBytes: number;
}

/** Lives on one disk before a fresh one: bounds the time that each check takes. */
const CRASHES_PER_DISK = 25;
const DIR = '/log';

export async function crashLog(options: { readonly crashes: number; readonly seed: number }): Promise<CrashReport> {
  const total = { appended: 0, acked: 0, lost: 0, doubled: 0, altered: 0, refused: 0, undead: 0, cutBytes: 0 };
  let left = options.crashes;
  for (let world = 0; left > 0; world++) {
    const crashes = Math.min(left, CRASHES_PER_DISK);
    left -= crashes;
    const report = await crashOneDisk(createRng(options.seed).fork(world), crashes);
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += report[name];
  }
  return { crashes: options.crashes, ...total };
}

interface World {
  readonly rng: Rng;
  disk: MemoryDisk;
  /** By number, as they were appended. */
  readonly payloads: Buffer[];
  readonly acked: Set<number>;
  /** In the present life. */
  readonly refused: Set<number>;
  refusals: number;
}

async function crashOneDisk(rng: Rng, crashes: number): Promise<Omit<CrashReport, 'crashes'>> {
  const world: World = {
    rng,
    disk: memoryDiskDroppingUnsynced(rng.fork(1)),
    payloads: [],
    acked: new Set(),
    refused: new Set(),
    refusals: 0,
  };
  const found = { lost: 0, doubled: 0, altered: 0, undead: 0, cutBytes: 0 };
  for (let i = 0; i < crashes; i++) {
    const log = openEventLog({ dir: DIR, disk: world.disk, segmentBytes: 2048 + rng.below(4096), flushEveryMs: 5 });
    found.cutBytes += log.recovery.cutBytes;
    const seen = readBack(world, log, found);
    for (const id of world.acked) if (!seen.has(id)) found.lost += 1;
    await live(world, log);
    const alive = readBack(world, log, found);
    for (const id of world.refused) if (alive.has(id) && !seen.has(id)) found.undead += 1;
    world.refused.clear();
    world.disk = world.disk.crash();
  }
  return { appended: world.payloads.length, acked: world.acked.size, refused: world.refusals, ...found };
}

function readBack(world: World, log: EventLog, found: { doubled: number; altered: number }): Set<number> {
  const seen = new Set<number>();
  for (const { payload } of log.entries(log.start())) {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    const id = bytes.readUInt32LE(0);
    if (seen.has(id)) found.doubled += 1;
    else if (!bytes.equals(world.payloads[id] ?? Buffer.alloc(0))) found.altered += 1;
    seen.add(id);
  }
  return seen;
}

/** Several writers at once, until the power goes or, now and then, a clean close. */
async function live(world: World, log: EventLog): Promise<void> {
  const { rng, disk } = world;
  const trouble = rng.uniform();
  if (trouble < 0.15) disk.setCapacity(disk.usedBytes() + rng.below(3000));
  else if (trouble < 0.25) disk.failSyncs(0.3, trouble < 0.2 ? 'EIO' : 'ENOSPC');
  let running = true;
  const writers = Array.from({ length: 1 + rng.below(5) }, () => write(world, log, () => running));
  const turns = rng.below(30);
  for (let i = 0; i < turns; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (rng.uniform() < 0.03) writers.push(quiet(log.seal()));
  }
  running = false;
  disk.setCapacity(Number.POSITIVE_INFINITY);
  disk.failSyncs(0, 'EIO');
  if (rng.uniform() < 0.15) {
    await Promise.all(writers);
    await quiet(log.close());
  }
}

async function write(world: World, log: EventLog, running: () => boolean): Promise<void> {
  const { rng } = world;
  while (running()) {
    const ids: number[] = [];
    try {
      for (let i = rng.below(6); i >= 0; i--) {
        const id = world.payloads.length;
        ids.push(id);
        world.payloads.push(payloadOf(id));
        log.append(world.payloads[id]);
      }
      // What nobody syncs is neither acknowledged nor refused.
      if (rng.uniform() < 0.2) ids.length = 0;
      else await log.sync();
      for (const id of ids) world.acked.add(id);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      world.refusals += ids.length;
      for (const id of ids) world.refused.add(id);
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function quiet(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ShelfwiseError && (error.code === 'LOG_FULL' || error.code === 'LOG_WRITE_FAILED');
}

/** The bytes of entry `id`: its number, then 0 to 600 bytes that only it has. */
function payloadOf(id: number): Buffer {
  const rng = createRng(id);
  const bytes = Buffer.alloc(4 + rng.below(rng.uniform() < 0.1 ? 600 : 60));
  bytes.writeUInt32LE(id, 0);
  for (let i = 4; i < bytes.length; i++) bytes[i] = rng.below(256);
  return bytes;
}

if (import.meta.main) {
  const [crashes = 1000, seed = 7] = process.argv.slice(2).map(Number);
  process.stdout.write(`${JSON.stringify(await crashLog({ crashes, seed }))}\n`);
}
