/**
 * Erasure of listeners. At once, before the answer: the mapping from id to key, the key's secret, and what every part keeps
 * under them; nothing of theirs is written from then on. Then, in a turn of the workshop: both logs are sealed, entries in
 * sealed segments are overwritten, rows of the lake removed, everything searched, and the outcome linked into a chain.
 *
 * Every step may be cut off and done again: what is to be done stands in the metadata before it is begun, a segment or file
 * is replaced whole, and what was removed of each is noted under its name before.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, DAY_MS, freshSeed, messageOf, ShelfwiseError, seedToBytes } from '../base/index.ts';
import { decisionIdOf } from '../domain/index.ts';
import {
  type Erasure,
  type EventLog,
  erasureCommitment,
  erasureReport,
  type Metadata,
  type StoreWriter,
} from '../store/index.ts';
import type { ErasedListener, ErasedPart } from './erased.ts';
import { STREAMS, type StreamName } from './erasure-jobs.ts';
import type { Listeners } from './listeners.ts';
import type { BegunErasure, ErasureStatus } from './trust.ts';
import type { RunJob, Workshop } from './workshop.ts';

/** By when it must be done: what the design allows, and the law a month. */
const DUE_MS = 30 * DAY_MS;
/** A search that finds something is followed by another round: something was still under way. */
const MAX_ROUNDS = 3;

export interface Erasures {
  /** Drops at once; resolves when that is on the medium. Undefined for who is not known. */
  begin(listenerId: string, actor: string): Promise<BegunErasure | undefined>;
  /** Goes on with what is pending; resolves when nothing is, or rejects with what stood in the way. */
  proceed(): Promise<void>;
  get(id: string): Promise<ErasureStatus | undefined>;
  list(limit: number): Promise<readonly ErasureStatus[]>;
}

export function createErasures(dependencies: {
  readonly metadata: Metadata;
  readonly listeners: Listeners;
  readonly workshop: Workshop;
  readonly logs: Readonly<Record<StreamName, EventLog>>;
  /** Everything of listeners that is in memory only becomes durable, and found by its index. */
  readonly flush: () => Promise<void>;
  readonly parts: readonly ErasedPart[];
  readonly clock: Clock;
  /** Told of what is done, in words. */
  readonly report: (text: string) => void;
  /** Called before each step, with its name; when it rejects, the erasure stops there. For tests of crashes. */
  readonly onStep?: (step: string) => Promise<void> | void;
}): Erasures {
  const { metadata, listeners, workshop, logs, parts, clock } = dependencies;
  const step = async (name: string): Promise<void> => dependencies.onStep?.(name);
  const troubles = new Map<string, string>();

  const statusOf = async (erasure: Erasure): Promise<ErasureStatus> => {
    const { requestedBy, rewritten, ...rest } = erasureReport(erasure, await metadata.erasures.files(erasure.id));
    return {
      id: rest.id,
      state: erasure.state,
      requestedAtMs: rest.requestedAtMs,
      requestedBy,
      dueAtMs: rest.requestedAtMs + DUE_MS,
      doneAtMs: rest.doneAtMs,
      dropped: rest.dropped,
      rewritten,
      verification: rest.verification,
      commitment: rest.commitment,
      proof: erasure.proof,
      trouble: erasure.state === 'done' ? null : (troubles.get(erasure.id) ?? null),
    };
  };
  const known = async (id: string): Promise<ErasureStatus> => {
    const erasure = await metadata.erasures.get(id);
    if (erasure === undefined) throw new ShelfwiseError('BUG', `erasure ${id} is not there`);
    return statusOf(erasure);
  };

  /** Counts what the parts have dropped. */
  const dropping = (): { readonly dropped: Record<string, number>; readonly also: typeof dropParts } => {
    const dropped: Record<string, number> = {};
    const dropParts = (listener: ErasedListener, write: StoreWriter): void => {
      for (const part of parts) {
        const count = part.drop?.(listener, write);
        if (count !== undefined) dropped[part.name] = count;
      }
    };
    return { dropped, also: dropParts };
  };

  const begin = async (listenerId: string, actor: string): Promise<BegunErasure | undefined> => {
    const id = decisionIdOf(clock.nowMs(), seedToBytes(freshSeed()));
    const receipt = randomBytes(16).toString('hex');
    const commitment = erasureCommitment(receipt, listenerId);
    const { dropped, also } = dropping();
    const listener = await listeners.erase(
      listenerId,
      async ({ key }) => {
        await metadata.erasures.request({ id, actor, listener: { id: listenerId, key }, commitment });
        await step('drop');
      },
      also,
    );
    if (listener === undefined) {
      const pending = await metadata.erasures.pending();
      const before = pending.find((erasure) => erasure.listener?.id === listenerId);
      return before === undefined ? undefined : { ...(await statusOf(before)), receipt: null };
    }
    await metadata.erasures.dropped(id, { mapping: 1, secret: 1, ...dropped });
    return { ...(await known(id)), receipt };
  };

  /** One round over logs and lake for all that is pending; both logs are sealed for it. */
  const rewrite = async (run: RunJob, pending: readonly Erasure[]): Promise<void> => {
    const erasing = pending.flatMap(({ id, listener }) =>
      listener === null ? [] : [{ erasure: id, key: listener.key }],
    );
    await dependencies.flush();
    for (const stream of STREAMS) {
      const log = logs[stream];
      await step(`seal ${stream}`);
      await log.seal();
      for (const { segment, sealed } of log.segments()) {
        if (!sealed) continue;
        const { prepared } = await run({ kind: 'erase-segment', stream, segment, erasing });
        if (prepared === null) continue;
        await step(`swap ${stream} ${segment}`);
        log.swapSegment(segment, prepared);
        await step(`swapped ${stream} ${segment}`);
      }
    }
    await step('lake');
    await run({ kind: 'erase-lake', erasing });
    await step('settle');
    for (const { listener } of pending) {
      if (listener === null) continue;
      for (const part of parts) await part.settle?.(listener);
    }
  };

  const eraseAll = async (run: RunJob): Promise<number> => {
    // Time for whoever still held an entry of theirs when it was dropped: they have written it by now, or never will.
    await new Promise((resolve) => setImmediate(resolve));
    let left = await metadata.erasures.pending();
    // Those that are asked for meanwhile have a turn of their own.
    const asked = new Set(left.map(({ id }) => id));
    const foundIn = new Set<string>();
    for (let round = 0; left.length > 0; round++) {
      if (round === MAX_ROUNDS)
        throw new ShelfwiseError(
          'BUG',
          `${left.length} still found after ${round} rounds, in ${[...foundIn].join(', ')}`,
        );
      for (const { id, listener } of left) {
        if (listener === null) continue;
        const { dropped, also } = dropping();
        // Again, in every round: a job that ran meanwhile may have written a state of theirs.
        await listeners.eraseAgain(listener, also);
        await metadata.erasures.dropped(id, { mapping: 1, secret: 1, ...dropped });
      }
      await rewrite(run, left);
      for (const { id, listener } of left) {
        if (listener === null) continue;
        await step('verify');
        const { searched, places } = await run({ kind: 'verify-erasure', listener });
        for (const place of places) foundIn.add(place);
        if (searched.occurrences > 0) continue;
        await step('finish');
        await metadata.erasures.finish(id, searched);
        troubles.delete(id);
      }
      left = (await metadata.erasures.pending()).filter(({ id }) => asked.has(id));
    }
    return asked.size;
  };

  return {
    begin,
    async proceed() {
      if ((await metadata.erasures.pending()).length === 0) return;
      try {
        const count = await workshop.turn(eraseAll);
        if (count > 0) dependencies.report(`${count} listeners erased`);
      } catch (error) {
        for (const { id } of await metadata.erasures.pending()) troubles.set(id, messageOf(error));
        throw error;
      }
    },
    async get(id) {
      const erasure = await metadata.erasures.get(id);
      return erasure === undefined ? undefined : statusOf(erasure);
    },
    async list(limit) {
      return Promise.all((await metadata.erasures.list(limit)).map(statusOf));
    },
  };
}
