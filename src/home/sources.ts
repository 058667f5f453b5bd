/** Sources of Home: what a shelf's declaration proposes, and the rows that were seen, each as a batch of candidates. */
import type { Source } from '../mixer/index.ts';
import { shelfKey } from './page-problem.ts';
import { CHANNEL_BIT, type HomeRequest, type RequestScratch, type ShelfBatch } from './request.ts';
import { type CandidateSink, type ShelfDeclaration, shelfById } from './shelves/index.ts';
import { isSwitchedOff } from './tunables.ts';

/** A source that waits longer has failed; one that computes longer is told as late. */
export const STAGE_DEADLINE_MS = 50;

/**
 * Is the shelf asked at all? One that is switched off does not run: that may be why. Without profiling only those run that
 * are the same for everybody.
 */
function isAsked({ tunables, marks }: HomeRequest, declaration: ShelfDeclaration): boolean {
  if (isSwitchedOff(tunables, 'shelf', declaration.id)) return false;
  return declaration.isForEveryone === true || !marks.includes('unprofiled');
}

const NOT_ASKED: readonly ShelfBatch[] = [];

/** A declaration as a source: one batch for each of its seeds. */
export function shelfSource(declaration: ShelfDeclaration): Source<HomeRequest, ShelfBatch> {
  return {
    name: declaration.id,
    onFailure: 'open',
    deadlineMs: STAGE_DEADLINE_MS,
    run(request) {
      if (!isAsked(request, declaration)) return NOT_ASKED;
      const { seeds } = request.scratch;
      const count = declaration.seeds(request, seeds);
      const batches: ShelfBatch[] = [];
      for (let i = 0; i < count; i++) {
        const batch = newBatch(request, declaration, seeds[i]);
        declaration.propose(request, seeds[i], sinkInto(batch, request.scratch));
        batches.push(batch);
      }
      return batches;
    },
  };
}

export function newBatch(request: HomeRequest, declaration: ShelfDeclaration, seedItem: number): ShelfBatch {
  const { items, sources } = request.scratch.take();
  return {
    declaration,
    shelfId: declaration.id,
    seedItem,
    order: declaration.order,
    pinnedRank:
      request.keptRanks.get(shelfKey(declaration.id, seedItem)) ?? declaration.pinnedRank?.(request, seedItem) ?? -1,
    carriedFrom: '',
    minCards: Math.min(declaration.minCards, request.cardLimit),
    maxCards: Math.min(declaration.maxCards, request.cardLimit),
    items,
    sources,
    count: 0,
  };
}

/** Into an empty batch; one sink of a request at a time. */
export function sinkInto(batch: ShelfBatch, { offered }: RequestScratch): CandidateSink {
  offered.clear();
  return {
    add(item, channelBit) {
      const { items, sources, count } = batch;
      const at = offered.insert(item);
      if (at < count) sources[at] |= channelBit;
      else if (count < items.length) {
        items[count] = item;
        sources[count] = channelBit;
        batch.count = count + 1;
      }
    },
  };
}

/** Rows that the listener has seen in this session keep their place and their cards. */
export const carriedSource: Source<HomeRequest, ShelfBatch> = {
  name: 'carried',
  onFailure: 'open',
  run(request) {
    const batches: ShelfBatch[] = [];
    for (const row of request.carried) {
      const declaration = shelfById(row.shelfId);
      if (declaration === undefined) continue;
      const { items, sources } = request.scratch.take();
      items.set(row.items);
      sources.fill(CHANNEL_BIT.carried, 0, row.items.length);
      batches.push({
        declaration,
        shelfId: row.shelfId,
        seedItem: row.seedItem,
        order: 'defined',
        pinnedRank: row.rank,
        carriedFrom: row.decisionId,
        minCards: 1,
        maxCards: row.items.length,
        items,
        sources,
        count: row.items.length,
      });
    }
    return batches;
  },
};
