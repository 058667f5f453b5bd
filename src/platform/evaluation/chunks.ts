/**
 * A span of the platform's decisions as chunks of typed columns, weighed for every policy at once: read, joined with what they earned,
 * rebuilt, walked. Memory is a chunk, a day of decisions waiting for their rewards, and the numbers of listeners.
 */
import {
  AssumptionMeter,
  type ComparedRows,
  type EvaluationRows,
  evaluationRows,
  MissingMassMeter,
  type ModelColumns,
  RUNGS,
  type Rung,
  type WeighedPage,
} from '../../counterfactual/index.ts';
import { surfaceOf } from '../../domain/index.ts';
import type { Span } from '../training/span.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import type { SliceDimension } from './comparison.ts';
import { HeldOut } from './held-out.ts';
import { maturedOutcomes, type OutcomeCounts, type OutcomeSource } from './outcomes.ts';
import type { TargetSpec } from './targets.ts';
import {
  DecisionOpener,
  DecisionWeigher,
  earnedOf,
  isHeldOut,
  isSampled,
  LEFT_OUT,
  type LeftOutReason,
  type OpenedDecision,
  placeOf,
  type RewardValues,
  sliceOf,
} from './weighing.ts';

export interface ChunkJob {
  readonly source: OutcomeSource;
  readonly span: Span;
  readonly nowMs: number;
  readonly targets: readonly TargetSpec[];
  /** From the least biased to the most. */
  readonly rungs: readonly Rung[];
  readonly by: readonly SliceDimension[];
  /** Share of the decisions that is read. */
  readonly share: number;
  readonly values: RewardValues | undefined;
  /** Share of the decisions on which it is measured what the rungs take for granted. */
  readonly assumptionShare: number;
  /** Does `values` predict nobody's rewards by a model that has seen them? */
  readonly isCrossFitted: boolean;
}

/** What of a policy is no matter of single cards. */
export interface TargetSums {
  /** Σ w, Σ w² of whole pages. */
  pages: number;
  pageSquares: number;
  drawn: number;
  differing: number;
  /** What the log had no chance of. */
  readonly missing: MissingMassMeter;
  /** What each rung takes for granted; nothing at `prefix`, where none is drawn. */
  readonly costs: Readonly<Record<Rung, AssumptionMeter>>;
}

/** Counted up while chunks are read. */
export interface ChunkTotals {
  readonly left: Record<LeftOutReason, number>;
  readonly targets: readonly TargetSums[];
  /** Names of slices by number, each as dimension and name. */
  readonly slices: (readonly [SliceDimension, string])[];
  decisions: number;
  cards: number;
  listeners: number;
  fromMs: number;
  toMs: number;
  /** What popularity earned with the listeners that are held out. */
  readonly heldOut: HeldOut;
  /** What a policy lacked of some decision's model. */
  lacked: string | undefined;
}

export function newTotals(targets: number): ChunkTotals {
  return {
    left: Object.fromEntries(LEFT_OUT.map((reason) => [reason, 0])) as Record<LeftOutReason, number>,
    targets: Array.from({ length: targets }, () => ({
      pages: 0,
      pageSquares: 0,
      drawn: 0,
      differing: 0,
      missing: new MissingMassMeter(),
      costs: {
        prefix: new AssumptionMeter(),
        above: new AssumptionMeter(),
        row: new AssumptionMeter(),
        item: new AssumptionMeter(),
      },
    })),
    slices: [],
    decisions: 0,
    cards: 0,
    listeners: 0,
    fromMs: Number.POSITIVE_INFINITY,
    toMs: 0,
    heldOut: new HeldOut(),
    lacked: undefined,
  };
}

/** A slice by one name. */
export function keyOf(dimension: SliceDimension, name: string): string {
  return `${dimension} ${name}`;
}

/** Decisions of the span that may be evaluated, with what they earned. */
export async function* openedOutcomes(
  workspace: Workspace,
  { source, span, nowMs, share }: Pick<ChunkJob, 'source' | 'span' | 'nowMs' | 'share'>,
  left: Record<LeftOutReason, number>,
  onRead: (share: number) => void = () => {},
  onHeldOut?: (opened: OpenedDecision, earned: number) => void,
): AsyncGenerator<{ readonly opened: OpenedDecision; readonly earned: ReadonlySet<number> }> {
  const opener = new DecisionOpener(workspace, left);
  const counts: OutcomeCounts = { decisions: 0, immature: 0, unrendered: 0 };
  let firstMs: number | undefined;
  let read = 0;
  for await (const outcome of maturedOutcomes(source, span, nowMs, counts)) {
    left.immature = counts.immature;
    left.unrendered = counts.unrendered;
    firstMs ??= outcome.record.atMs;
    if (++read % 64 === 0) {
      onRead((outcome.record.atMs - firstMs) / Math.max(1, Math.min(nowMs, span.toMs) - firstMs));
    }
    if (!isSampled(outcome.record, share)) {
      left.sampled++;
      continue;
    }
    if (onHeldOut !== undefined && isHeldOut(outcome.record)) {
      const opened = opener.openAny(outcome.record);
      if (opened === undefined) continue;
      left.holdOut++;
      onHeldOut(opened, outcome.rewarded.length);
      continue;
    }
    const opened = opener.open(outcome.record);
    if (opened !== undefined) yield { opened, earned: earnedOf(outcome) };
  }
  left.immature = counts.immature;
  left.unrendered = counts.unrendered;
}

/** Chunks in the order of the log. @param totals its figures are added to */
export async function* weighedChunks(
  workspace: Workspace,
  job: ChunkJob,
  totals: ChunkTotals,
  onProgress: OnProgress,
): AsyncGenerator<ComparedRows> {
  const weigher = new DecisionWeigher(workspace, job.targets, totals.left, job.values, {
    rungs: job.rungs,
    share: job.assumptionShare,
  });
  const listeners = new ListenerNumbers();
  const sliceNumbers = new Map<string, number>();
  const builder = new ChunkBuilder(job);
  const onRead = (share: number): void => onProgress('evaluate', Math.min(1, Math.max(0, share)));
  const onHeldOut = (opened: OpenedDecision, earned: number): void => {
    const { listenerKey } = opened.record;
    totals.heldOut.add('', listenerKey, earned);
    for (const dimension of job.by)
      totals.heldOut.add(keyOf(dimension, sliceOf(dimension, opened)), listenerKey, earned);
  };
  for await (const { opened, earned } of openedOutcomes(workspace, job, totals.left, onRead, onHeldOut)) {
    const { record } = opened;
    builder.begin(gridOf(opened));
    const isWeighed = weigher.weigh(opened, (t, page, missing, costs = {}) => {
      const sums = totals.targets[t];
      sums.pages += page.page;
      sums.pageSquares += page.page ** 2;
      sums.drawn += page.drawn;
      sums.differing += page.differing;
      if (missing.steps > 0) sums.missing.add(missing.mass / missing.steps);
      for (const rung of job.rungs)
        if (costs[rung] !== undefined) sums.costs[rung].add(record.listenerKey, costs[rung]);
      if (t === 0) totals.cards += page.cards;
      builder.add(t, page, earned);
    });
    if (!isWeighed) {
      builder.abandon();
      continue;
    }
    const slices = job.by.map((dimension) => {
      const name = sliceOf(dimension, opened);
      const key = keyOf(dimension, name);
      let number = sliceNumbers.get(key);
      if (number === undefined) {
        number = sliceNumbers.size;
        sliceNumbers.set(key, number);
        totals.slices.push([dimension, name]);
      }
      return number;
    });
    builder.end(listeners.of(record.listenerKey), slices);
    totals.decisions++;
    totals.fromMs = Math.min(totals.fromMs, record.atMs);
    totals.toMs = Math.max(totals.toMs, record.atMs);
    if (builder.isFull) yield builder.take(sliceNumbers.size);
  }
  if (builder.decisions > 0) yield builder.take(sliceNumbers.size);
  totals.listeners = listeners.count;
  totals.lacked = weigher.lacked;
}

/** Listeners by number from 0, as they come: a number says nothing of its key. Some 100 bytes a listener; a `Map` holds 16 million. */
export class ListenerNumbers {
  readonly #numbers = new Map<string, number>();

  get count(): number {
    return this.#numbers.size;
  }

  of(listenerKey: string): number {
    let number = this.#numbers.get(listenerKey);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(listenerKey, number);
    }
    return number;
  }
}

interface Grid {
  readonly shelves: number;
  readonly cards: number;
}

/** The places that a page of its surface may have. */
export function gridOf({ record, epochs }: OpenedDecision): Grid {
  return epochs.tunables.surfaces[surfaceOf(record.device)];
}

const CHUNK_DECISIONS = 512;

/** Columns that grow as decisions come; one set for all policies where they say the same. */
class ChunkBuilder {
  readonly #job: ChunkJob;
  #rows = 0;
  #room = 0;
  /** Of the decision under way: where its rows begin, and its places, of which the cards come first. */
  #first = 0;
  #cards = 0;
  #grid: Grid = { shelves: 0, cards: 0 };
  #served = 0;
  decisions = 0;
  #decisionOf = new Uint32Array(0);
  #positionOf = new Uint16Array(0);
  #rewards = new Float64Array(0);
  #isCard = new Uint8Array(0);
  /** [policy][rung] */
  #weights: Float64Array[][] = [];
  #expected: Float64Array[][] = [];
  #matches: Uint8Array[][] = [];
  #predicted = new Float64Array(0);
  #controls: Float64Array[][] = [];
  #listenerOf: number[] = [];
  #servedOf: number[] = [];
  #slicesOf: (readonly number[])[] = [];

  constructor(job: ChunkJob) {
    this.#job = job;
    this.#clear();
  }

  get isFull(): boolean {
    return this.decisions >= CHUNK_DECISIONS;
  }

  begin(grid: Grid): void {
    this.#first = this.#rows;
    this.#grid = grid;
    this.#cards = -1;
    this.#served = 0;
  }

  add(target: number, page: WeighedPage, earned: ReadonlySet<number>): void {
    if (this.#cards < 0) this.#addShared(page, earned);
    const { rungs, values } = this.#job;
    for (const [k, rung] of rungs.entries()) {
      const weights = this.#weights[target][k];
      const expected = this.#expected[target][k];
      const matches = this.#matches[target][k];
      for (let c = 0, at = this.#first; c < page.cards; c++, at++) {
        weights[at] = page.weights[rung][c];
        matches[at] = page.matches[rung][c];
        if (values !== undefined) expected[at] = page.before[rung][c] * page.expected[c];
      }
      for (let at = this.#first + page.cards; at < this.#rows; at++) {
        weights[at] = page.absent(rung, Math.floor(this.#positionOf[at] / POSITIONS));
        matches[at] = 0;
        expected[at] = 0;
      }
      this.#controls[target][k][this.decisions] = page.control[rung];
    }
  }

  /** What all policies have alike: every place of the page, its cards first; rewards; what the reward model says of the cards. */
  #addShared(page: WeighedPage, earned: ReadonlySet<number>): void {
    this.#cards = page.cards;
    const { shelves, cards } = this.#grid;
    this.#reserve(this.#rows + page.cards + shelves * cards);
    const taken = new Set<number>();
    const put = (shelfRank: number, cardRank: number, isCard: boolean, predicted: number): void => {
      const place = placeOf(shelfRank, cardRank);
      const at = this.#rows++;
      const reward = isCard && earned.has(place) ? 1 : 0;
      this.#decisionOf[at] = this.decisions;
      this.#positionOf[at] = place;
      this.#rewards[at] = reward;
      this.#isCard[at] = isCard ? 1 : 0;
      this.#predicted[at] = predicted;
      this.#served += reward;
      taken.add(place);
    };
    for (let c = 0; c < page.cards; c++) put(page.shelfRanks[c], page.cardRanks[c], true, page.predicted[c]);
    for (let r = 0; r < shelves; r++) {
      for (let j = 0; j < cards; j++) if (!taken.has(placeOf(r, j))) put(r, j, false, 0);
    }
  }

  /** Takes back what was added of the decision under way. */
  abandon(): void {
    this.#rows = this.#first;
  }

  end(listener: number, slices: readonly number[]): void {
    this.#listenerOf.push(listener);
    this.#servedOf.push(this.#served);
    this.#slicesOf.push(slices);
    this.decisions++;
  }

  take(slices: number): ComparedRows {
    const rows = this.#rows;
    const listenerOf = Uint32Array.from(this.#listenerOf);
    const members: number[][] = Array.from({ length: slices }, () => []);
    for (const [decision, own] of this.#slicesOf.entries()) for (const slice of own) members[slice].push(decision);
    const common = {
      rewards: this.#rewards.subarray(0, rows),
      decisionOf: this.#decisionOf.subarray(0, rows),
      positionOf: this.#positionOf.subarray(0, rows),
      listenerOf,
    };
    const predicted = this.#predicted.subarray(0, rows);
    const policies = this.#weights.map((byRung, policy) =>
      byRung.map(
        (weights, rung): EvaluationRows =>
          evaluationRows({
            ...common,
            weights: weights.subarray(0, rows),
            matches: this.#matches[policy][rung].subarray(0, rows),
            ...this.#modelsOf({ predicted, expected: this.#expected[policy][rung].subarray(0, rows) }),
          }),
      ),
    );
    const chunk = {
      decisions: this.decisions,
      listenerOf,
      served: Float64Array.from(this.#servedOf),
      slices: members.map((own) => Uint32Array.from(own)),
      policies,
      isCard: this.#isCard.subarray(0, rows),
      controls: this.#job.values === undefined ? undefined : this.#controls,
    };
    this.#clear();
    return chunk;
  }

  /** The one reward model under each name that it goes by. */
  #modelsOf(model: ModelColumns): Pick<EvaluationRows, 'model' | 'nuisances'> {
    const { values, isCrossFitted } = this.#job;
    if (values === undefined) return { model: undefined };
    return { model, nuisances: isCrossFitted ? { crossFitted: model } : undefined };
  }

  #clear(): void {
    const { targets, rungs } = this.#job;
    const room = this.#room;
    const each = <T>(make: () => T): T[][] => targets.map(() => rungs.map(make));
    this.#rows = 0;
    this.decisions = 0;
    this.#decisionOf = new Uint32Array(room);
    this.#positionOf = new Uint16Array(room);
    this.#rewards = new Float64Array(room);
    this.#isCard = new Uint8Array(room);
    this.#predicted = new Float64Array(room);
    this.#weights = each(() => new Float64Array(room));
    this.#expected = each(() => new Float64Array(room));
    this.#matches = each(() => new Uint8Array(room));
    this.#controls = each(() => new Float64Array(CHUNK_DECISIONS));
    this.#listenerOf = [];
    this.#servedOf = [];
    this.#slicesOf = [];
  }

  #reserve(rows: number): void {
    if (rows <= this.#room) return;
    const room = Math.max(4096, 2 * rows);
    this.#room = room;
    const grown = <T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(old: T): T => {
      const larger = new (old.constructor as new (length: number) => T)(room);
      larger.set(old as never);
      return larger;
    };
    this.#decisionOf = grown(this.#decisionOf);
    this.#positionOf = grown(this.#positionOf);
    this.#rewards = grown(this.#rewards);
    this.#isCard = grown(this.#isCard);
    this.#predicted = grown(this.#predicted);
    this.#weights = this.#weights.map((byRung) => byRung.map(grown));
    this.#expected = this.#expected.map((byRung) => byRung.map(grown));
    this.#matches = this.#matches.map((byRung) => byRung.map(grown));
  }
}

/** Numbers between the first cards of two rows, see `placeOf`. */
const POSITIONS = placeOf(1, 0);

/** From the least biased to the most, as `slope` walks them. */
export const ALL_RUNGS: readonly Rung[] = RUNGS;
