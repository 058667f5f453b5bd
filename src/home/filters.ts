/** Filters of Home: each takes candidates away, in place, and counts them by reason. All fail closed. */
import { DAY_MS } from '../base/index.ts';
import { isGenerated } from '../domain/index.ts';
import type { Filter, Filtered, Trace } from '../mixer/index.ts';
import { isShelfHidden, playsOf, shelfSightsOf, wornCards } from '../signals/index.ts';
import { isEpisode, isShow } from './kinds.ts';
import { heldCards, shelfKey } from './page-problem.ts';
import type { HomeRequest, ShelfBatch } from './request.ts';
import { isExplicit, isFitting, isOffered, isUnwanted, whyUnnamed } from './rights.ts';

/** Why candidates leave. */
export const REMOVAL_REASONS = [
  'carried',
  'no-room',
  'unavailable',
  'explicit',
  'kids',
  'hidden',
  'chip',
  'played',
  'fatigued',
  'beyond-cap',
  'too-few',
] as const;
export type RemovalReason = (typeof REMOVAL_REASONS)[number];

const always = (): boolean => true;

/** A filter that looks at one candidate at a time, of the batches that it concerns. */
function eachCandidate(
  name: string,
  reason: RemovalReason,
  removes: (request: HomeRequest, item: number) => boolean,
  where: {
    readonly appliesTo?: (request: HomeRequest) => boolean;
    readonly concerns?: (batch: ShelfBatch) => boolean;
  } = {},
): Filter<HomeRequest, ShelfBatch> {
  const { appliesTo = always, concerns = always } = where;
  return {
    name,
    onFailure: 'closed',
    appliesTo,
    run(request, batch) {
      if (!concerns(batch)) return { kept: batch, removed: NOTHING };
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

/** A shelf whose row is carried is not proposed a second time. */
const carried: Filter<HomeRequest, ShelfBatch> = {
  name: 'carried',
  onFailure: 'closed',
  appliesTo: (request) => request.carried.length > 0,
  run(request, batch) {
    if (batch.carriedFrom !== '') return { kept: batch, removed: NOTHING };
    const key = shelfKey(batch.shelfId, batch.seedItem);
    const again = request.carried.some((row) => shelfKey(row.shelfId, row.seedItem) === key);
    return shrink(request, batch, again ? 0 : batch.count, 'carried');
  },
};

/** The cards of carried rows stay theirs: no row that is drawn anew may take one. */
const heldByCarried = eachCandidate(
  'held-by-carried',
  'carried',
  (request, item) => request.carried.some((row) => row.items.includes(item)),
  { appliesTo: (request) => request.carried.length > 0, concerns: (batch) => batch.carriedFrom === '' },
);

/** Of generated playlists those that there are: carried rows may hold one that nothing is left of. */
const available = eachCandidate('available', 'unavailable', (request, item) =>
  isGenerated(item) ? !request.generated.has(item) : !isOffered(request, item),
);

/** A title that names what is gone, what a kid may not have, or what was hidden goes with its row, also one that was seen. */
const named: Filter<HomeRequest, ShelfBatch> = {
  name: 'named',
  onFailure: 'closed',
  run(request, batch) {
    const why = batch.declaration.isNamedBySeed === true ? whyUnnamed(request, batch.seedItem) : undefined;
    return why === undefined ? { kept: batch, removed: NOTHING } : shrink(request, batch, 0, why);
  },
};

const explicit = eachCandidate('explicit', 'explicit', (request, item) => isExplicit(request.epochs.catalog, item), {
  appliesTo: (request) => !request.profile.explicitAllowed,
});

/** What a kid may have: see `isForKids`. */
const kids = eachCandidate('kids', 'kids', (request, item) => !isFitting(request, item), {
  appliesTo: (request) => request.profile.ageBand === 'kid',
});

const hidden = eachCandidate('hidden', 'hidden', (request, item) => isUnwanted(request, item), {
  appliesTo: (request) => request.state.hides.count > 0,
});

/** Shelves that the listener has hidden, also those that were seen before: the page does what it was told. */
const hiddenShelf: Filter<HomeRequest, ShelfBatch> = {
  name: 'hidden-shelf',
  onFailure: 'closed',
  appliesTo: (request) => request.state.hiddenShelves.count > 0,
  run(request, batch) {
    const gone = isShelfHidden(request.state, batch.shelfId, request.pageIdOf(batch));
    return shrink(request, batch, gone ? 0 : batch.count, 'hidden');
  },
};

/** The chip of the page: music or podcasts. What no catalogue holds is a generated playlist, which is music. */
const chip = eachCandidate(
  'chip',
  'chip',
  (request, item) => {
    const { catalog } = request.epochs;
    const isSpoken = isEpisode(item, catalog) || isShow(item, catalog);
    return isSpoken !== (request.filter === 'podcasts');
  },
  { appliesTo: (request) => request.filter !== '' },
);

/**
 * May a row rest? Not a row that states a fact (Recently played, Your shows, Heavy rotation, what editors pinned): it says
 * what the listener did or follows, which is no less true for not being chosen from there, and a fact that comes and goes
 * by itself reads as a fault. Not a carried row either: it holds still. Nor what is declared tireless: the row that a page
 * is left with when everything else rests.
 */
function mayRest({ declaration, order, carriedFrom }: ShelfBatch): boolean {
  return order === 'policy' && carriedFrom === '' && declaration.isTireless !== true;
}

/** Shelves seen on many visits of which nothing was chosen. */
const wornShelf: Filter<HomeRequest, ShelfBatch> = {
  name: 'worn-shelf',
  onFailure: 'closed',
  appliesTo: ({ state, tunables }) => state.shelfSights.count > 0 && tunables.fatigueShelfRestDays > 0,
  run(request, batch) {
    if (!mayRest(batch)) return { kept: batch, removed: NOTHING };
    const { state, atMs, tunables } = request;
    const { fatigueShelfVisits, fatigueShelfRestDays } = tunables;
    const sights = shelfSightsOf(state, request.pageIdOf(batch));
    const rests =
      sights !== undefined &&
      sights.visits >= fatigueShelfVisits &&
      atMs - sights.lastSeenMs < fatigueShelfRestDays * DAY_MS;
    return shrink(request, batch, rests ? 0 : batch.count, 'fatigued');
  },
};

/**
 * Cards seen on many visits and never chosen. Where too few others are left for the shortest row, they all stay: whether
 * the row is worth its place is the shelf's own fatigue and the policy's business.
 */
const wornCard: Filter<HomeRequest, ShelfBatch> = {
  name: 'worn-card',
  onFailure: 'closed',
  appliesTo: (request) => wornCardsOf(request).length > 0,
  run(request, batch) {
    const worn = wornCardsOf(request);
    if (batch.order !== 'policy' || batch.carriedFrom !== '') return { kept: batch, removed: NOTHING };
    let fresh = 0;
    for (let i = 0; i < batch.count; i++) if (!isAmong(worn, batch.items[i])) fresh++;
    if (fresh === batch.count || fresh < batch.minCards) return { kept: batch, removed: NOTHING };
    return withoutWorn.run(request, batch);
  },
};

const withoutWorn = eachCandidate('worn-card', 'fatigued', (request, item) => isAmong(wornCardsOf(request), item));

const NO_CARDS = new Uint32Array(0);

/** The cards that rest at the time of the request: found once for all of its shelves. */
function wornCardsOf(request: HomeRequest): Uint32Array {
  if (request.wornCards === undefined) {
    const { state, atMs, tunables, scratch } = request;
    const { fatigueCardVisits, fatigueCardRestDays } = tunables;
    const isOff = state.cardSights.count === 0 || fatigueCardRestDays === 0;
    const sinceMs = atMs - fatigueCardRestDays * DAY_MS;
    const count = isOff ? 0 : wornCards(state, fatigueCardVisits, sinceMs, scratch.itemsA);
    request.wornCards = count === 0 ? NO_CARDS : scratch.itemsA.slice(0, count);
  }
  return request.wornCards;
}

/** Is the number one of these, which ascend? */
function isAmong(numbers: Uint32Array, number: number): boolean {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low < numbers.length && numbers[low] === number;
}

const played = eachCandidate('played', 'played', (request, item) => playsOf(request.state, item) > 0, {
  concerns: (batch) => batch.declaration.unplayedOnly && batch.carriedFrom === '',
});

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
  // Only rows that are carried may lose their place.
  appliesTo: (request) => request.carried.length > 0,
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

/** What a listener may not have, does not want or has not asked for: these hold on every page. */
const RIGHTS: readonly Filter<HomeRequest, ShelfBatch>[] = [
  available,
  named,
  explicit,
  kids,
  hidden,
  hiddenShelf,
  chip,
];

/** Takes from a batch that goes through no pipeline what the listener may not have, does not want or has not asked for. */
export function filterByRights(request: HomeRequest, batch: ShelfBatch, trace: Trace): void {
  for (const filter of RIGHTS) {
    if (filter.appliesTo?.(request) === false) continue;
    for (const { reason, count } of filter.run(request, batch).removed)
      trace.removals.push({ batch: batch.declaration.id, filter: filter.name, reason, count });
  }
}

export const FILTERS: readonly Filter<HomeRequest, ShelfBatch>[] = [
  carried,
  heldByCarried,
  ...RIGHTS,
  wornShelf,
  played,
  wornCard,
  cap,
  countNew,
  room,
  eligible,
];
