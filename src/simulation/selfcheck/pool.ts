/**
 * Contexts as typed columns in shared memory: for each the problem that its page is drawn from, as the product makes it of the record,
 * and beside every candidate what only the judge knows. Made once; read by every thread, for every log.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { DEVICES, type Device, isGenerated, SURFACES, type Surface, surfaceOf } from '../../domain/index.ts';
import {
  createDecider,
  DEFAULT_TUNABLES,
  examinationOf,
  type HomeTunables,
  inputOfRecord,
  isCold,
  policyUnder,
} from '../../home/index.ts';
import type { openFrozenDecisions, TargetSpec } from '../../platform/index.ts';
import {
  type PageProblem,
  type Policy,
  type PolicyShelf,
  readsTraits,
  resolveComposition,
} from '../../policy/index.ts';
import type { DemoWorld } from '../world.ts';
import type { OnProgress, Visit } from './data.ts';
import { KINDS } from './reward-model.ts';

/** Policy 0 draws the logs. */
export const LOGGING = 0;

/** Of a policy whose distribution reads more than scores. */
export interface EvidenceColumns {
  readonly kind: 'deviations' | 'sensitivities';
  readonly column: Float64Array;
}

/** Structured-cloneable; its arrays lie in shared memory. */
export interface PoolColumns {
  readonly contexts: number;
  readonly listeners: number;
  /** Context → listener, numbered as they come. */
  readonly listenerOf: Uint32Array;
  /** Context → index into DEVICES. */
  readonly deviceOf: Uint8Array;
  /** Context → examples that the model that serves has learnt from; NaN: not said. */
  readonly learned: Float64Array;
  /** Context → its first shelf; one more at the end. */
  readonly shelfStart: Uint32Array;
  readonly shelfKey: Uint32Array;
  /** Shelf → which declaration it is of, numbered as they come. */
  readonly shelfKind: Uint8Array;
  readonly isDefined: Uint8Array;
  readonly pinnedRank: Int16Array;
  /** NaN: not said. */
  readonly holds: Float64Array;
  readonly isCarried: Uint8Array;
  readonly minCards: Uint8Array;
  readonly maxCards: Uint8Array;
  /** Shelf → its first candidate; one more at the end. */
  readonly cardStart: Uint32Array;
  readonly items: Uint32Array;
  readonly creators: Uint32Array;
  /** What the model that serves says; fixed before any log is drawn. */
  readonly scores: Float64Array;
  /** Empty where no policy asks for it. */
  readonly popularity: Float64Array;
  /** P(reward | looked at): the judge's. */
  readonly wishes: Float64Array;
  /** By policy: what it serves by, whether each context is a cold start to it, and what it reads besides. */
  readonly tunables: readonly HomeTunables[];
  readonly isCold: readonly Uint8Array[];
  readonly evidence: readonly (EvidenceColumns | undefined)[];
}

/** Numbers in shared memory that grow. */
class Column<T extends Float64Array | Uint32Array | Int16Array | Uint8Array> {
  length = 0;
  #array: T;
  readonly #make: new (
    buffer: SharedArrayBuffer,
  ) => T;

  constructor(make: (new (buffer: SharedArrayBuffer) => T) & { readonly BYTES_PER_ELEMENT: number }, room = 1024) {
    this.#make = make;
    this.#array = new make(new SharedArrayBuffer(room * make.BYTES_PER_ELEMENT));
  }

  push(number: number): void {
    this.#reserve(this.length + 1);
    this.#array[this.length++] = number;
  }

  append(numbers: ArrayLike<number>, count: number): void {
    this.#reserve(this.length + count);
    for (let i = 0; i < count; i++) this.#array[this.length + i] = numbers[i];
    this.length += count;
  }

  all(): T {
    return this.#array.subarray(0, this.length) as T;
  }

  #reserve(length: number): void {
    if (length <= this.#array.length) return;
    const room = Math.max(length, Math.ceil(1.5 * this.#array.length));
    const grown = new this.#make(new SharedArrayBuffer(room * this.#array.BYTES_PER_ELEMENT));
    (grown as Float64Array).set(this.#array);
    this.#array = grown;
  }
}

/**
 * @param targets the logging policy, then those under evaluation
 * Throws `POLICY_EVIDENCE` where the model lacks what a policy needs.
 */
export async function buildPool(
  { decisions, encoder, itemName }: ReturnType<typeof openFrozenDecisions>,
  world: DemoWorld,
  visits: readonly Visit[],
  targets: readonly TargetSpec[],
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<PoolColumns> {
  const decider = createDecider(encoder);
  const listenerOf = new Column(Uint32Array);
  const deviceOf = new Column(Uint8Array);
  const learned = new Column(Float64Array);
  const shelfStart = new Column(Uint32Array);
  const shelfKey = new Column(Uint32Array);
  const shelfKind = new Column(Uint8Array);
  const isDefined = new Column(Uint8Array);
  const pinnedRank = new Column(Int16Array);
  const holds = new Column(Float64Array);
  const isCarried = new Column(Uint8Array);
  const minCards = new Column(Uint8Array);
  const maxCards = new Column(Uint8Array);
  const cardStart = new Column(Uint32Array);
  const items = new Column(Uint32Array);
  const creators = new Column(Uint32Array);
  const scores = new Column(Float64Array);
  const popularity = new Column(Float64Array);
  const wishes = new Column(Float64Array);
  const cold = targets.map(() => new Column(Uint8Array));
  const numbers = new Map<string, number>();
  const kinds = new Map<string, number>();
  let tunables: readonly HomeTunables[] | undefined;
  let needed: ('deviations' | 'sensitivities' | undefined)[] = [];
  const evidence = targets.map(() => new Column(Float64Array));
  const isPopularity = targets.map(({ tunables: own }) => own?.policy === 'popularity');

  for await (const { record, view, epochs } of decisions) {
    const { listenerId, atMs } = visits[Number(record.sessionId)];
    const input = inputOfRecord(record, view, epochs);
    if (tunables === undefined) {
      tunables = targets.map((target) => ({ ...input.tunables, ...target.tunables }));
      needed = targets.map(({ name }, t) => evidenceOf(name, policyUnder(own(tunables, t).policy, own(tunables, t))));
    }
    const prepared = decider.prepare({ ...input, policyId: 'uniform' });
    const { shelves } = prepared.problem;
    shelfStart.push(shelfKey.length);
    listenerOf.push(numberOf(numbers, listenerId));
    deviceOf.push(DEVICES.indexOf(record.device));
    learned.push(prepared.problem.learned ?? Number.NaN);
    for (const [s, shelf] of shelves.entries()) {
      shelfKey.push(shelf.key);
      shelfKind.push(Math.min(KINDS - 1, numberOf(kinds, input.shelves[s].shelfId)));
      isDefined.push(shelf.order === 'defined' ? 1 : 0);
      pinnedRank.push(shelf.pinnedRank);
      holds.push(shelf.holds ?? Number.NaN);
      isCarried.push(shelf.carried ? 1 : 0);
      minCards.push(shelf.minCards);
      maxCards.push(shelf.maxCards);
      cardStart.push(items.length);
      items.append(shelf.items, shelf.count);
      creators.append(shelf.creators, shelf.count);
      scores.append(shelf.scores, shelf.count);
      for (let i = 0; i < shelf.count; i++) wishes.push(wishFor(world, itemName, listenerId, shelf.items[i], atMs));
    }
    for (const [t, its] of tunables.entries()) {
      cold[t].push(isCold(view, its) ? 1 : 0);
      const kind = needed[t];
      if (kind === undefined) continue;
      const asked = { ...input, policyId: its.policy, tunables: its };
      const lacked = decider.lacked(asked);
      if (lacked !== undefined) throw new ShelfwiseError('POLICY_EVIDENCE', lacked);
      for (const shelf of decider.prepare(asked, true).problem.shelves) {
        const given = shelf[kind];
        if (given !== undefined) evidence[t].append(given, shelf.count);
      }
    }
    if (isPopularity.includes(true)) {
      for (const shelf of decider.prepare({ ...input, policyId: 'popularity' }, true).problem.shelves)
        popularity.append(shelf.scores, shelf.count);
    }
    if (listenerOf.length % 64 === 0) {
      signal.throwIfAborted();
      onProgress('problems', listenerOf.length / visits.length);
    }
  }
  shelfStart.push(shelfKey.length);
  cardStart.push(items.length);
  if (tunables === undefined) throw new ShelfwiseError('BUG', 'no visit of the world made a decision');
  return {
    contexts: listenerOf.length,
    listeners: numbers.size,
    listenerOf: listenerOf.all(),
    deviceOf: deviceOf.all(),
    learned: learned.all(),
    shelfStart: shelfStart.all(),
    shelfKey: shelfKey.all(),
    shelfKind: shelfKind.all(),
    isDefined: isDefined.all(),
    pinnedRank: pinnedRank.all(),
    holds: holds.all(),
    isCarried: isCarried.all(),
    minCards: minCards.all(),
    maxCards: maxCards.all(),
    cardStart: cardStart.all(),
    items: items.all(),
    creators: creators.all(),
    scores: scores.all(),
    popularity: popularity.all(),
    wishes: wishes.all(),
    tunables,
    isCold: cold.map((column) => column.all()),
    evidence: needed.map((kind, t) => (kind === undefined ? undefined : { kind, column: evidence[t].all() })),
  };
}

function own(tunables: readonly HomeTunables[] | undefined, t: number): HomeTunables {
  const found = tunables?.[t];
  if (found === undefined) throw new ShelfwiseError('BUG', `policy ${t} has no tunables`);
  return found;
}

/** Throws `OPTION_INVALID` for a policy that needs posterior draws, another model, or traits of items: a pool does not hold those. */
export function requirePoolable({ name, tunables, modelHash }: TargetSpec): void {
  if (modelHash !== '') {
    throw new ShelfwiseError('OPTION_INVALID', `selfcheck: ${name} scores with the model that serves; leave model out`);
  }
  if (tunables === undefined) return;
  if (readsTraits(resolveComposition(tunables.composition))) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `selfcheck: the composition of ${name} reads traits of items; leave out diversity, calibration and newcomerShare`,
    );
  }
  evidenceOf(name, policyUnder(tunables.policy, { ...DEFAULT_TUNABLES, ...tunables }));
}

function evidenceOf(name: string, { needs: { kind } }: Policy): 'deviations' | 'sensitivities' | undefined {
  if (kind === 'none') return undefined;
  if (kind === 'deviations' || kind === 'sensitivities') return kind;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `selfcheck: ${name} needs ${kind} of each score, more than a pool of contexts holds; give a policy of scores, deviations or sensitivities`,
  );
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}

/** Playlists that the product makes for a listener are no items of the world: the judge gives them nothing, as its listeners do. */
function wishFor(
  world: DemoWorld,
  itemName: (item: number) => string,
  listenerId: string,
  item: number,
  atMs: number,
): number {
  return isGenerated(item) ? 0 : world.expectedReward(listenerId, itemName(item), { atMs });
}

/** What places of a surface may exist, and how its shelves are valued. */
interface SurfaceRules {
  readonly shelfLimit: number;
  readonly cardLimit: number;
  readonly examination: Float64Array;
}

/** Problems out of columns. What it returns is valid until the next context. */
export class PoolReader {
  readonly columns: PoolColumns;
  /** [policy][cold] */
  readonly #policies: readonly (readonly [Policy, Policy])[];
  readonly #rules: Readonly<Record<Surface, SurfaceRules>>;
  #context = -1;
  #plain: PageProblem | undefined;

  constructor(columns: PoolColumns) {
    this.columns = columns;
    this.#policies = columns.tunables.map((tunables) => [
      policyUnder(tunables.policy, tunables, false),
      policyUnder(tunables.policy, tunables, true),
    ]);
    const { surfaces } = columns.tunables[LOGGING];
    this.#rules = Object.fromEntries(
      SURFACES.map((surface) => [
        surface,
        {
          shelfLimit: surfaces[surface].shelves,
          cardLimit: surfaces[surface].cards,
          examination: examinationOf(surfaces[surface]),
        },
      ]),
    ) as unknown as Record<Surface, SurfaceRules>;
  }

  deviceOf(context: number): Device {
    return DEVICES[this.columns.deviceOf[context]];
  }

  rulesOf(context: number): SurfaceRules {
    return this.#rules[surfaceOf(this.deviceOf(context))];
  }

  policyOf(context: number, policy: number): Policy {
    return this.#policies[policy][this.columns.isCold[policy][context]];
  }

  /** As the policy sees it. */
  problemOf(context: number, policy: number): PageProblem {
    const { tunables, evidence, popularity } = this.columns;
    const extra = evidence[policy];
    if (extra !== undefined) {
      const { kind, column } = extra;
      return this.#make(context, this.columns.scores, (from, to) => ({ [kind]: column.subarray(from, to) }));
    }
    if (tunables[policy].policy === 'popularity') return this.#make(context, popularity);
    if (this.#context !== context || this.#plain === undefined) {
      this.#context = context;
      this.#plain = this.#make(context, this.columns.scores);
    }
    return this.#plain;
  }

  /** The candidates of a context's shelf. */
  firstCard(context: number, shelf: number): number {
    return this.columns.cardStart[this.columns.shelfStart[context] + shelf];
  }

  /** By shelf of a context. */
  kindsOf(context: number): Uint8Array {
    const { shelfKind, shelfStart } = this.columns;
    return shelfKind.subarray(shelfStart[context], shelfStart[context + 1]);
  }

  #make(
    context: number,
    scores: Float64Array,
    evidence: (from: number, to: number) => Partial<PolicyShelf> = () => NO_EVIDENCE,
  ): PageProblem {
    const columns = this.columns;
    const shelves: PolicyShelf[] = [];
    for (let s = columns.shelfStart[context]; s < columns.shelfStart[context + 1]; s++) {
      const from = columns.cardStart[s];
      const to = columns.cardStart[s + 1];
      shelves.push({
        key: columns.shelfKey[s],
        order: columns.isDefined[s] === 1 ? 'defined' : 'policy',
        pinnedRank: columns.pinnedRank[s],
        holds: Number.isNaN(columns.holds[s]) ? undefined : columns.holds[s],
        carried: columns.isCarried[s] === 1,
        minCards: columns.minCards[s],
        maxCards: columns.maxCards[s],
        items: columns.items.subarray(from, to),
        creators: columns.creators.subarray(from, to),
        scores: scores.subarray(from, to),
        count: to - from,
        ...evidence(from, to),
      });
    }
    const { shelfLimit, examination } = this.rulesOf(context);
    const { creatorCapPerRow, creatorCapPerPage } = columns.tunables[LOGGING];
    const learned = columns.learned[context];
    return {
      shelves,
      shelfLimit,
      creatorCapPerRow,
      creatorCapPerPage,
      examinationByCard: examination,
      learned: Number.isNaN(learned) ? undefined : learned,
    };
  }
}

const NO_EVIDENCE: Partial<PolicyShelf> = Object.freeze({});
