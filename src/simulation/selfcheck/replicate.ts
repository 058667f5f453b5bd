/**
 * One log and what the evaluation makes of it. Listeners are drawn from the pool with replacement, each with all contexts that it has
 * there; the logging policy draws a page a context, the judge its rewards; the ladder weighs the page for every policy; the comparison
 * that `ope compare` makes gives estimates and intervals by listener.
 */
import { createRng, type Rng } from '../../base/index.ts';
import {
  type AssumptionCost,
  AssumptionGauge,
  AssumptionMeter,
  type CardValues,
  type ComparedRows,
  Comparison,
  type EvaluationRows,
  judge as judgeEvidence,
  Ladder,
  type MissingMassEstimate,
  RUNGS,
  type Rung,
  type SliceComparison,
  settingOf,
  type WeighedPage,
  widenedLift,
} from '../../counterfactual/index.ts';
import type { ComparedRung } from '../../platform/index.ts';
import { createWalker, samplePage } from '../../policy/index.ts';
import type { Judge } from './judge.ts';
import { LOGGING, type PoolReader } from './pool.ts';
import { type PlaceModel, placeMeans, RANKS } from './reward-model.ts';

/** An estimator at a rung. */
export interface Way {
  readonly estimator: string;
  readonly rung: ComparedRung;
}

export interface ReplicateSettings {
  readonly ways: readonly Way[];
  readonly decisions: number;
  readonly level: number;
  readonly resamples: number;
  readonly seed: number;
  readonly places: PlaceModel;
  /** By policy under evaluation. */
  readonly missing: readonly (MissingMassEstimate | undefined)[];
}

export interface WayOutcome {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
  /** NaN where nothing was earned. */
  readonly lift: number;
  /** As a comparison tells it: wide enough for what the rung takes for granted. */
  readonly liftLower: number;
  readonly liftUpper: number;
  /** Of the paired resamples alone. */
  readonly pairedLower: number;
  readonly pairedUpper: number;
  readonly liftStandardError: number;
  /** What the rung takes for granted, by the reward model, over what served. */
  readonly assumptionCost: number;
  readonly rung: Rung;
  readonly essShare: number;
  readonly meanWeight: number;
  readonly maxWeight: number;
  readonly verdict: 'trustworthy' | 'weak' | 'refused';
  readonly reasons: readonly string[];
}

export interface Replicate {
  readonly number: number;
  readonly decisions: number;
  readonly listeners: number;
  /** What the log's pages earned, a decision. */
  readonly served: number;
  /** How often each context is in the log: what the truth of this very log is taken over. */
  readonly contextCounts: Uint16Array;
  /** [policy under evaluation][way] */
  readonly outcomes: readonly (readonly WayOutcome[])[];
}

const CHUNK_DECISIONS = 256;
/** Contexts on which it is measured what a rung takes for granted, as a comparison does on decisions. */
const ASSUMPTION_CONTEXTS = 500;

export class Replicator {
  readonly #reader: PoolReader;
  readonly #judge: Judge;
  readonly #settings: ReplicateSettings;
  readonly #contextsOf: readonly (readonly number[])[];
  readonly #rungs: readonly Rung[];
  readonly #ladder = new Ladder();
  readonly #walker = createWalker();
  readonly #rewards = new Uint8Array(RANKS * RANKS);
  /** By rung and policy, of the pool: the same for every log. */
  readonly #costs = new Map<string, AssumptionCost | undefined>();

  constructor(reader: PoolReader, judge: Judge, settings: ReplicateSettings) {
    this.#reader = reader;
    this.#judge = judge;
    this.#settings = settings;
    const contextsOf: number[][] = Array.from({ length: reader.columns.listeners }, () => []);
    for (let c = 0; c < reader.columns.contexts; c++) contextsOf[reader.columns.listenerOf[c]].push(c);
    this.#contextsOf = contextsOf;
    const asked = new Set(settings.ways.map(({ rung }) => rung));
    this.#rungs = asked.has('slope') ? RUNGS : RUNGS.filter((rung) => asked.has(rung));
  }

  /** The number's log and its outcomes: a function of seed and number alone. */
  run(number: number): Replicate {
    const { ways, decisions, level, resamples, seed } = this.#settings;
    const { columns } = this.#reader;
    const policies = columns.tunables.length;
    const rng = createRng(seed).fork(1000 + number);
    const comparisons = ways.map(
      ({ estimator, rung }) =>
        new Comparison({
          policies,
          rungs: rung === 'slope' ? RUNGS.length : 1,
          setting: settingOf(estimator),
          served: LOGGING,
          baseline: LOGGING,
          level,
          resamples,
          seed: number + 1,
        }),
    );
    const builder = new Rows(policies, this.#rungs, (columns.contexts > 0 ? this.#mostPlaces() : 0) * CHUNK_DECISIONS);
    const flush = (): void => {
      for (const [w, { rung }] of ways.entries()) comparisons[w].add(builder.chunk(rung));
      builder.clear();
    };
    const contextCounts = new Uint16Array(columns.contexts);
    // Whole listeners, so many that the log has as many decisions as asked for, about.
    const listeners = Math.max(2, Math.round((decisions * columns.listeners) / columns.contexts));
    let drawn = 0;
    for (let listener = 0; listener < listeners; listener++) {
      for (const context of this.#contextsOf[rng.below(columns.listeners)]) {
        this.#decide(context, listener, rng, builder);
        contextCounts[context]++;
        drawn++;
        if (builder.decisions === CHUNK_DECISIONS) flush();
      }
    }
    if (builder.decisions > 0) flush();
    const compared = comparisons.map((comparison) => comparison.all());
    return {
      number,
      decisions: drawn,
      listeners,
      served: compared[0]?.served.value ?? Number.NaN,
      contextCounts,
      outcomes: Array.from({ length: policies - 1 }, (_, p) =>
        ways.map(({ rung }, w) => this.#outcomeOf(compared[w], rung, p)),
      ),
    };
  }

  #mostPlaces(): number {
    let most = 0;
    for (const { shelves, cards } of Object.values(this.#reader.columns.tunables[LOGGING].surfaces))
      most = Math.max(most, shelves * cards);
    return most;
  }

  #decide(context: number, listener: number, rng: Rng, builder: Rows): void {
    const reader = this.#reader;
    const noise = Uint32Array.of(rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32());
    const page = samplePage(reader.problemOf(context, LOGGING), reader.policyOf(context, LOGGING), noise, this.#walker);
    const served = this.#judge.draw(reader, context, page, rng, this.#rewards);
    const { shelfLimit, cardLimit } = reader.rulesOf(context);
    builder.begin(listener, served, shelfLimit, cardLimit);
    const values = this.#valuesOf(context);
    for (let p = 0; p < reader.columns.tunables.length; p++) {
      const weighed = this.#ladder.weigh(reader.problemOf(context, p), page.rows, reader.policyOf(context, p), values);
      builder.add(p, weighed, this.#rewards);
    }
  }

  #valuesOf(context: number): CardValues {
    const { shelfStart, cardStart, scores } = this.#reader.columns;
    const { places } = this.#settings;
    const { factors } = places;
    const byShelf: Float64Array[] = [];
    for (let s = shelfStart[context]; s < shelfStart[context + 1]; s++)
      byShelf.push(scores.subarray(cardStart[s], cardStart[s + 1]));
    return {
      byShelf,
      factor: (r, j) => factors[r * RANKS + j],
      means: placeMeans(places, this.#reader.kindsOf(context)),
    };
  }

  #costOf(policy: number, rung: Rung): AssumptionCost | undefined {
    const key = `${rung} ${policy}`;
    if (this.#costs.has(key)) return this.#costs.get(key);
    const reader = this.#reader;
    const { contexts } = reader.columns;
    const gauge = new AssumptionGauge();
    const meter = new AssumptionMeter();
    const rng = createRng(this.#settings.seed).fork(3);
    for (let context = 0; context < contexts; context += Math.max(1, Math.floor(contexts / ASSUMPTION_CONTEXTS))) {
      const noise = Uint32Array.of(rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32());
      const drawerOf = (p: number) => ({ problem: reader.problemOf(context, p), policy: reader.policyOf(context, p) });
      const listener = reader.columns.listenerOf[context];
      meter.add(listener, gauge.cost(rung, drawerOf(LOGGING), drawerOf(policy), this.#valuesOf(context), noise));
    }
    this.#costs.set(key, meter.summary());
    return meter.summary();
  }

  #outcomeOf(all: SliceComparison | undefined, asked: ComparedRung, policy: number): WayOutcome {
    if (all === undefined) throw new RangeError('a log has no decision');
    const compared = all.policies[policy + 1];
    const { value, weights, meanWeight, overServed } = compared;
    const rung = asked === 'slope' ? RUNGS[compared.rung] : asked;
    const cost = this.#costOf(policy + 1, rung);
    const { lift } = overServed;
    const told =
      lift && widenedLift({ value: lift.value, interval: lift.bca }, all.served.value, { of: cost, base: undefined });
    const { cards, effectiveCards, maxWeight, largestShare, essShare } = weights;
    const { verdict, reasons } = judgeEvidence({
      weights: { rows: cards, effectiveSize: effectiveCards, largest: maxWeight, largestShare },
      meanWeight,
      missingMass: this.#settings.missing[policy],
    });
    return {
      value: value.value,
      lower: value.bca.lower,
      upper: value.bca.upper,
      standardError: value.standardError,
      lift: lift?.value ?? Number.NaN,
      liftLower: told?.lower ?? Number.NaN,
      liftUpper: told?.upper ?? Number.NaN,
      pairedLower: lift?.bca.lower ?? Number.NaN,
      pairedUpper: lift?.bca.upper ?? Number.NaN,
      liftStandardError: lift?.standardError ?? Number.NaN,
      assumptionCost: (cost?.mean ?? Number.NaN) / all.served.value,
      rung,
      essShare,
      meanWeight: meanWeight.mean,
      maxWeight,
      verdict,
      reasons: reasons.map(({ code, severity }) => `${code} ${severity}`),
    };
  }
}

/** Rows of a chunk, one set of columns for all chunks. Every place that a page may have gives a row: what a mean weight of 1 needs. */
class Rows {
  decisions = 0;
  readonly #rungs: readonly Rung[];
  #rows = 0;
  #first = 0;
  #grid = { shelves: 0, cards: 0 };
  readonly #listenerOf = new Uint32Array(CHUNK_DECISIONS);
  readonly #servedOf = new Float64Array(CHUNK_DECISIONS);
  readonly #decisionOf: Uint32Array;
  readonly #positionOf: Uint16Array;
  readonly #rewards: Float64Array;
  readonly #isCard: Uint8Array;
  readonly #predicted: Float64Array;
  /** [policy][rung] */
  readonly #weights: readonly (readonly Float64Array[])[];
  readonly #expected: readonly (readonly Float64Array[])[];
  readonly #matches: readonly (readonly Uint8Array[])[];
  readonly #controls: readonly (readonly Float64Array[])[];
  readonly #isTaken = new Uint8Array(RANKS * RANKS);

  constructor(policies: number, rungs: readonly Rung[], room: number) {
    const each = <T>(make: () => T): T[][] => Array.from({ length: policies }, () => rungs.map(make));
    this.#rungs = rungs;
    this.#decisionOf = new Uint32Array(room);
    this.#positionOf = new Uint16Array(room);
    this.#rewards = new Float64Array(room);
    this.#isCard = new Uint8Array(room);
    this.#predicted = new Float64Array(room);
    this.#weights = each(() => new Float64Array(room));
    this.#expected = each(() => new Float64Array(room));
    this.#matches = each(() => new Uint8Array(room));
    this.#controls = each(() => new Float64Array(CHUNK_DECISIONS));
  }

  begin(listener: number, served: number, shelves: number, cards: number): void {
    this.#first = this.#rows;
    this.#grid = { shelves, cards };
    this.#listenerOf[this.decisions] = listener;
    this.#servedOf[this.decisions] = served;
    this.decisions++;
  }

  /** @param rewards in the order of the page's cards: none of them is carried, since every page of a log is a fresh one */
  add(policy: number, page: WeighedPage | undefined, rewards: Uint8Array): void {
    if (page === undefined) throw new RangeError('a policy cannot walk a page of the same problem');
    if (policy === 0) this.#addShared(page, rewards);
    for (let k = 0; k < this.#rungs.length; k++) {
      const rung = this.#rungs[k];
      const weights = this.#weights[policy][k];
      const expected = this.#expected[policy][k];
      const matches = this.#matches[policy][k];
      const ownWeights = page.weights[rung];
      const before = page.before[rung];
      const ownMatches = page.matches[rung];
      for (let c = 0, at = this.#first; c < page.cards; c++, at++) {
        weights[at] = ownWeights[c];
        expected[at] = before[c] * page.expected[c];
        matches[at] = ownMatches[c];
      }
      for (let at = this.#first + page.cards; at < this.#rows; at++) {
        weights[at] = page.absent(rung, Math.floor(this.#positionOf[at] / RANKS));
        expected[at] = 0;
        matches[at] = 0;
      }
      this.#controls[policy][k][this.decisions - 1] = page.control[rung];
    }
  }

  #addShared(page: WeighedPage, rewards: Uint8Array): void {
    const decision = this.decisions - 1;
    this.#isTaken.fill(0);
    const put = (position: number, isCard: number, reward: number, predicted: number): void => {
      const at = this.#rows++;
      this.#decisionOf[at] = decision;
      this.#positionOf[at] = position;
      this.#isCard[at] = isCard;
      this.#rewards[at] = reward;
      this.#predicted[at] = predicted;
    };
    for (let c = 0; c < page.cards; c++) {
      const position = page.shelfRanks[c] * RANKS + page.cardRanks[c];
      this.#isTaken[position] = 1;
      put(position, 1, rewards[c], page.predicted[c]);
    }
    for (let r = 0; r < this.#grid.shelves; r++)
      for (let j = 0; j < this.#grid.cards; j++) if (this.#isTaken[r * RANKS + j] === 0) put(r * RANKS + j, 0, 0, 0);
  }

  chunk(rung: ComparedRung): ComparedRows {
    const rows = this.#rows;
    const decisions = this.decisions;
    const listenerOf = this.#listenerOf.subarray(0, decisions);
    const wanted = this.#rungs.flatMap((one, k) => (rung === 'slope' || one === rung ? [k] : []));
    const common = {
      rows,
      decisions,
      listenerOf,
      decisionOf: this.#decisionOf.subarray(0, rows),
      positionOf: this.#positionOf.subarray(0, rows),
      rewards: this.#rewards.subarray(0, rows),
    };
    const predicted = this.#predicted.subarray(0, rows);
    return {
      decisions,
      listenerOf,
      served: this.#servedOf.subarray(0, decisions),
      slices: [],
      isCard: this.#isCard.subarray(0, rows),
      controls: this.#controls.map((byRung) => wanted.map((k) => byRung[k].subarray(0, decisions))),
      policies: this.#weights.map((byRung, p) =>
        wanted.map(
          (k): EvaluationRows => ({
            ...common,
            weights: byRung[k].subarray(0, rows),
            matches: this.#matches[p][k].subarray(0, rows),
            model: { predicted, expected: this.#expected[p][k].subarray(0, rows) },
          }),
        ),
      ),
    };
  }

  clear(): void {
    this.decisions = 0;
    this.#rows = 0;
  }
}
