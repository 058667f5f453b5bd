/** Filters of Home: each takes candidates away, in place, and counts them by reason. All fail closed. */
import { ITEM_EXPLICIT, isAvailable } from '../domain/index.ts';
import type { Filter, Filtered } from '../mixer/index.ts';
import { isHidden, playsOf } from '../signals/index.ts';
import { heldCards, shelfKey } from './decide.ts';
import type { HomeRequest, ShelfBatch } from './request.ts';

/** Why candidates leave. */
export const REMOVAL_REASONS = [
  'carried',
  'no-room',
  'unavailable',
  'explicit',
  'hidden',
  'played',
  'beyond-cap',
  'too-few',
] as const;
export type RemovalReason = (typeof REMOVAL_REASONS)[number];

/** A filter that looks at one candidate at a time. */
function eachCandidate(
  name: string,
  reason: RemovalReason,
  applies: (request: HomeRequest, batch: ShelfBatch) => boolean,
  removes: (request: HomeRequest, item: number) => boolean,
): Filter<HomeRequest, ShelfBatch> {
  return {
    name,
    onFailure: 'closed',
    run(request, batch) {
      if (!applies(request, batch)) return { kept: batch, removed: [] };
      const { items, sources } = batch;
      let kept = 0;
      for (let i = 0; i < batch.count; i++) {
        if (removes(request, items[i])) {
          request.removedItems?.push({ shelfId: batch.shelfId, reason, item: items[i] });
          continue;
        }
        items[kept] = items[i];
        sources[kept++] = sources[i];
      }
      return counted(batch, kept, reason);
    },
  };
}

const NOTHING: readonly never[] = [];

function counted(batch: ShelfBatch, kept: number, reason: RemovalReason): Filtered<ShelfBatch> {
  const gone = batch.count - kept;
  batch.count = kept;
  return { kept: batch, removed: gone === 0 ? NOTHING : [{ reason, count: gone }] };
}

/** Keeps the first `kept` candidates. */
function shrink(request: HomeRequest, batch: ShelfBatch, kept: number, reason: RemovalReason): Filtered<ShelfBatch> {
  if (request.removedItems !== undefined) {
    for (let i = kept; i < batch.count; i++) {
      request.removedItems.push({ shelfId: batch.shelfId, reason, item: batch.items[i] });
    }
  }
  return counted(batch, kept, reason);
}

const always = () => true;

/** A shelf whose row is carried is not proposed a second time. */
const carried: Filter<HomeRequest, ShelfBatch> = {
  name: 'carried',
  onFailure: 'closed',
  run(request, batch) {
    if (batch.carriedFrom !== '' || request.carried.length === 0) return { kept: batch, removed: NOTHING };
    const key = shelfKey(batch.shelfId, batch.seedItem);
    const again = request.carried.some((row) => shelfKey(row.shelfId, row.seedItem) === key);
    return shrink(request, batch, again ? 0 : batch.count, 'carried');
  },
};

/** The cards of carried rows stay theirs: no row that is drawn anew may take one. */
const heldByCarried = eachCandidate(
  'held-by-carried',
  'carried',
  (request, batch) => batch.carriedFrom === '' && request.carried.length > 0,
  (request, item) => request.carried.some((row) => row.items.includes(item)),
);

const available = eachCandidate(
  'available',
  'unavailable',
  always,
  (request, item) => !isAvailable(request.epochs.catalog, item, request.marketNumber, request.tierNumber, request.atMs),
);

const explicit = eachCandidate(
  'explicit',
  'explicit',
  (request) => !request.profile.explicitAllowed,
  (request, item) => (request.epochs.catalog.flags[item] & ITEM_EXPLICIT) !== 0,
);

const hidden = eachCandidate('hidden', 'hidden', always, (request, item) => {
  const { state, epochs } = request;
  const creator = epochs.catalog.creator[item];
  return isHidden(state, item) || isHidden(state, creator);
});

const played = eachCandidate(
  'played',
  'played',
  (_request, batch) => batch.declaration.unplayedOnly && batch.carriedFrom === '',
  (request, item) => playsOf(request.state, item) > 0,
);

/** The strongest so many stay; sources propose strongest first. */
const cap: Filter<HomeRequest, ShelfBatch> = {
  name: 'cap',
  onFailure: 'closed',
  run: (request, batch) =>
    shrink(request, batch, Math.min(batch.count, request.tunables.candidatesPerShelf), 'beyond-cap'),
};

/** Takes nothing: counts the rows that hold cards and were not seen yet, once their other filters are through with them. */
const countNew: Filter<HomeRequest, ShelfBatch> = {
  name: 'count-new',
  onFailure: 'closed',
  run(request, batch) {
    const mayAppear = batch.count > 0 && batch.count >= batch.minCards;
    const isFact = batch.order === 'defined' && batch.carriedFrom === '' && heldCards(batch) !== 0;
    if (isFact && mayAppear && !request.keptRanks.has(shelfKey(batch.shelfId, batch.seedItem)))
      request.newDefinedRows++;
    return { kept: batch, removed: NOTHING };
  },
};

/**
 * Rows that state something new of the listener come before rows that hold still: where a page is full of what was seen,
 * the lowest carried rows go. Who has just played something for the first time would not see it else.
 */
const room: Filter<HomeRequest, ShelfBatch> = {
  name: 'room',
  onFailure: 'closed',
  run(request, batch) {
    if (batch.carriedFrom === '') return { kept: batch, removed: NOTHING };
    const { carried, keptRanks, newDefinedRows, shelfLimit } = request;
    const tooMany = carried.length + keptRanks.size + newDefinedRows - shelfLimit;
    const lower = carried.reduce((count, row) => count + (row.rank > batch.pinnedRank ? 1 : 0), 0);
    return shrink(request, batch, lower < tooMany ? 0 : batch.count, 'no-room');
  },
};

/** A shelf that cannot fill its shortest row is not eligible; its candidates are not kept in the record. */
const eligible: Filter<HomeRequest, ShelfBatch> = {
  name: 'eligible',
  onFailure: 'closed',
  run: (request, batch) => shrink(request, batch, batch.count < batch.minCards ? 0 : batch.count, 'too-few'),
};

/** What a listener may not have or does not want: these hold on every page. */
export const RIGHTS: readonly Filter<HomeRequest, ShelfBatch>[] = [available, explicit, hidden];

export const FILTERS: readonly Filter<HomeRequest, ShelfBatch>[] = [
  carried,
  heldByCarried,
  ...RIGHTS,
  played,
  cap,
  countNew,
  room,
  eligible,
];
