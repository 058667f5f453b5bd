/**
 * Several policies on the same logged decisions, in one pass: values, differences and lifts with paired intervals by listener, for all
 * decisions and for slices of them. What policies have in common cancels in a difference, since it is taken within each resample.
 *
 * Memory: sums by group of listeners, at most 2^17 groups (2^14 a slice) x 5 columns a policy and rung; nothing grows with the log.
 */
import { createRng } from '../base/index.ts';
import { type MeanWeight, meanWeight } from './diagnostics/weights.ts';
import type { EstimatorSetting } from './estimator.ts';
import { type GroupSums, GroupTable, LISTENER_GROUPS } from './groups.ts';
import { comparePaired, intervalsByListener, type ListenerIntervals } from './intervals/by-listener.ts';
import { controlShare } from './intervals/control.ts';
import { type Functional, linearised, ratioOf } from './intervals/functional.ts';
import { resampleSums } from './intervals/resample.ts';
import { type EvaluationRows, modelOf } from './rows.ts';
import { chooseBySlope } from './tuning/slope.ts';

/** A chunk of decisions, weighed for every policy. */
export interface ComparedRows {
  readonly decisions: number;
  /** Decision → listener, numbered from 0 as they come: what is resampled together. */
  readonly listenerOf: Uint32Array;
  /** Decision → what its page earned. */
  readonly served: Float64Array;
  /** Slice → decisions of this chunk that are of it, ascending. Slices keep their numbers from chunk to chunk. */
  readonly slices: readonly Uint32Array[];
  /** [policy][rung]: rows of the very same decisions. */
  readonly policies: readonly (readonly EvaluationRows[])[];
  /**
   * Row → 1 for a logged card, 0 for a place that its page lacks. Such rows keep the mean weight at 1 where policies fill pages with
   * different numbers of cards; they are no evidence of overlap.
   */
  readonly isCard: Uint8Array;
  /**
   * [policy][rung], by decision: of mean 0 whatever the policy, and going with the noise of its estimate (`WeighedPage.control`). Each
   * slice takes as much of it as makes its error least, between nothing and all. @default none
   */
  readonly controls?: readonly (readonly Float64Array[])[] | undefined;
}

/** Of the cards' weights. */
export interface CardWeights {
  readonly cards: number;
  readonly meanWeight: number;
  readonly maxWeight: number;
  /** (Σ w)² / Σ w². */
  readonly effectiveCards: number;
  /** Largest w / Σ w. */
  readonly largestShare: number;
  /** (Σ w)² / Σ w² / cards; 0 where all weights are 0. */
  readonly essShare: number;
}

export interface PolicyComparison {
  /** Which of the rungs was given or chosen. */
  readonly rung: number;
  readonly value: ListenerIntervals;
  readonly weights: CardWeights;
  /** Over all places, lacking ones included. */
  readonly meanWeight: MeanWeight;
  /**
   * Against the policy that logged, by the same estimator: what a reward model adds of noise to both cancels. Lift undefined where
   * nothing was earned.
   */
  readonly overServed: ReturnType<typeof comparePaired>;
  /** Against the baseline policy. */
  readonly overBaseline: ReturnType<typeof comparePaired>;
}

export interface SliceComparison {
  readonly decisions: number;
  readonly listeners: number;
  /** Of what was earned, as it is. */
  readonly served: ListenerIntervals;
  readonly policies: readonly PolicyComparison[];
}

export interface CompareOptions {
  readonly policies: number;
  /**
   * How many weightings each policy comes with, from the least biased to the most. More than one: SLOPE chooses, for each slice, among
   * those whose weights the log supports; the last where it supports none.
   */
  readonly rungs: number;
  readonly setting: EstimatorSetting;
  /** The policy that logged, all of whose weights are 1. */
  readonly served: number;
  /** The policy that lifts are also taken over. */
  readonly baseline: number;
  readonly level: number;
  readonly resamples: number;
  readonly seed: number;
}

const SLICE_GROUPS = 2 ** 14;
/** Columns of a table: decisions, what was served, rows; then five a policy and rung. */
const [DECISIONS, SERVED, ROWS, FIRST] = [0, 1, 2, 3];
const [BASE, NUMERATOR, DENOMINATOR, WEIGHT, CONTROL] = [0, 1, 2, 3, 4];
const EACH = 5;

/** Takes chunks in, and compares at the end. */
export class Comparison {
  readonly #options: CompareOptions;
  readonly #all: SliceTable;
  readonly #slices: SliceTable[] = [];
  #scratch = new Float64Array(0);

  constructor(options: CompareOptions) {
    this.#options = options;
    this.#all = new SliceTable(options.policies * options.rungs, LISTENER_GROUPS);
  }

  add(chunk: ComparedRows): void {
    const { policies, rungs } = this.#options;
    const everyone = Uint32Array.from({ length: chunk.decisions }, (_, decision) => decision);
    const rowsOf = new Float64Array(chunk.decisions);
    const { decisionOf, rows } = chunk.policies[0][0];
    for (let row = 0; row < rows; row++) rowsOf[decisionOf[row]]++;
    const members = [everyone, ...chunk.slices];
    while (this.#slices.length < chunk.slices.length) this.#slices.push(new SliceTable(policies * rungs, SLICE_GROUPS));
    const tables = [this.#all, ...this.#slices].slice(0, members.length).map((table, k) => {
      const decisions = members[k];
      return { table, decisions, offsets: table.begin(chunk, decisions, rowsOf) };
    });
    for (let policy = 0; policy < policies; policy++) {
      for (let rung = 0; rung < rungs; rung++) {
        const sums = this.#sumsOf(chunk.policies[policy][rung], chunk.isCard);
        const control = chunk.controls?.[policy][rung];
        for (const { table, decisions, offsets } of tables)
          table.add(policy * rungs + rung, sums, control, decisions, offsets);
      }
    }
  }

  /** Undefined where there was no decision. */
  all(): SliceComparison | undefined {
    return this.#compare(this.#all, 0);
  }

  slice(slice: number): SliceComparison | undefined {
    const table = this.#slices[slice];
    return table === undefined ? undefined : this.#compare(table, 1 + slice);
  }

  /** By decision: the estimator's base, numerator and denominator, and of its cards' weights Σ w, Σ w², the largest, how many. */
  #sumsOf(rows: EvaluationRows, isCard: Uint8Array): DecisionSums {
    const { estimator, lambda } = this.#options.setting;
    if (this.#scratch.length < rows.rows) this.#scratch = new Float64Array(2 * rows.rows);
    const out = this.#scratch;
    estimator.transform(rows.weights, rows.matches, rows.rows, lambda, out);
    const model = estimator.usesModel ? modelOf(rows, estimator.nuisance) : undefined;
    const sums = decisionSums(rows.decisions);
    for (let row = 0; row < rows.rows; row++) {
      const d = rows.decisionOf[row];
      const residual = model === undefined ? rows.rewards[row] : rows.rewards[row] - model.predicted[row];
      if (model !== undefined) sums.base[d] += model.expected[row];
      if (residual !== 0) sums.numerator[d] += out[row] * residual;
      sums.denominator[d] += out[row];
      const weight = rows.weights[row];
      sums.all[d] += weight;
      if (isCard[row] === 0) continue;
      sums.weight[d] += weight;
      sums.square[d] += weight * weight;
      if (weight > sums.largest[d]) sums.largest[d] = weight;
      sums.cards[d]++;
    }
    return sums;
  }

  #compare(table: SliceTable, stream: number): SliceComparison | undefined {
    const { policies, rungs, setting, served, baseline, level, resamples, seed } = this.#options;
    const whole = table.groups();
    if (whole.groups === 0) return undefined;
    const isNormalised = setting.estimator.normalises !== 'none';
    const usesModel = setting.estimator.usesModel;
    const functionalAt = (first: number): Functional =>
      ratioOf({
        decisions: DECISIONS,
        base: usesModel ? first + BASE : undefined,
        terms: [
          {
            numerator: first + NUMERATOR,
            normaliser: isNormalised ? { denominator: first + DENOMINATOR, rows: ROWS } : undefined,
          },
        ],
      });
    for (let weighting = 0; weighting < policies * rungs; weighting++) {
      const first = FIRST + EACH * weighting;
      if (usesModel) addControl(whole, functionalAt(first), first);
    }
    const chosen = Array.from({ length: policies }, (_, policy) => {
      if (rungs === 1) return 0;
      const firstOf = (rung: number): number => FIRST + EACH * (policy * rungs + rung);
      const able = Array.from({ length: rungs }, (_, rung) => rung).filter((rung) =>
        isSupported(meanWeight(whole, { weights: firstOf(rung) + WEIGHT, rows: ROWS })),
      );
      const found = chooseBySlope(
        able.map((rung) => {
          const { value, standardError } = linearised(whole, functionalAt(firstOf(rung)));
          return { value, halfWidth: HALF_WIDTHS * standardError };
        }),
      );
      return found < 0 ? rungs - 1 : able[found];
    });
    const groups = narrowed(
      whole,
      chosen.map((rung, policy) => FIRST + EACH * (policy * rungs + rung)),
    );
    const resampled = resampleSums(groups, resamples, createRng(seed).fork(stream));
    const earned = ratioOf({ decisions: DECISIONS, base: SERVED, terms: [] });
    const functionals = chosen.map((_, policy) => functionalAt(FIRST + EACH * policy));
    return {
      decisions: table.decisions,
      listeners: groups.groups,
      served: intervalsByListener(groups, resampled, earned, level),
      policies: functionals.map((functional, policy) => ({
        rung: chosen[policy],
        value: intervalsByListener(groups, resampled, functional, level),
        weights: table.weights(policy * rungs + chosen[policy]),
        meanWeight: meanWeight(groups, { weights: FIRST + EACH * policy + WEIGHT, rows: ROWS }),
        overServed: comparePaired(groups, resampled, functional, functionals[served], level),
        overBaseline: comparePaired(groups, resampled, functional, functionals[baseline], level),
      })),
    };
  }
}

/** SLOPE walks intervals of two standard errors. */
const HALF_WIDTHS = 2;

/**
 * Can the width of an interval be believed? Where a few listeners carry the weight, or its mean is off 1, what is missing from the log is missing
 * from the width too: SLOPE, which takes the widest for the least biased, would hold all others against a rung that has seen nothing.
 */
function isSupported({ effectiveGroups, groups, corrected }: MeanWeight): boolean {
  return effectiveGroups >= Math.min(MANY_GROUPS, groups / 2) && Math.abs(corrected) <= MOST_OFF;
}
const MANY_GROUPS = 100;
const MOST_OFF = 3;

/** Adds to the base as much of the control as makes the error least. */
function addControl(groups: GroupSums, functional: Functional, first: number): void {
  const beta = controlShare(groups, functional, { decisions: DECISIONS, control: first + CONTROL });
  if (beta === 0) return;
  const { groups: count, columns, sums } = groups;
  for (let g = 0, at = 0; g < count; g++, at += columns) sums[at + first + BASE] += beta * sums[at + first + CONTROL];
}

/** The shared columns, and those of each policy that begin there. */
function narrowed({ groups, columns, sums }: GroupSums, firsts: readonly number[]): GroupSums {
  const kept = [
    DECISIONS,
    SERVED,
    ROWS,
    ...firsts.flatMap((first) => Array.from({ length: EACH }, (_, column) => first + column)),
  ];
  const out = new Float64Array(groups * kept.length);
  for (let g = 0; g < groups; g++) {
    for (let c = 0; c < kept.length; c++) out[g * kept.length + c] = sums[g * columns + kept[c]];
  }
  return { groups, columns: kept.length, sums: out };
}

interface DecisionSums {
  readonly base: Float64Array;
  readonly numerator: Float64Array;
  readonly denominator: Float64Array;
  readonly all: Float64Array;
  readonly weight: Float64Array;
  readonly square: Float64Array;
  readonly largest: Float64Array;
  readonly cards: Float64Array;
}

function decisionSums(decisions: number): DecisionSums {
  const column = (): Float64Array => new Float64Array(decisions);
  return {
    base: column(),
    numerator: column(),
    denominator: column(),
    all: column(),
    weight: column(),
    square: column(),
    largest: column(),
    cards: column(),
  };
}

/** Sums of one slice. */
class SliceTable {
  decisions = 0;
  readonly #table: GroupTable;
  readonly #weights: { sum: number; squares: number; largest: number; cards: number }[];

  constructor(weightings: number, capacity: number) {
    this.#table = new GroupTable(FIRST + EACH * weightings, capacity);
    this.#weights = Array.from({ length: weightings }, () => ({ sum: 0, squares: 0, largest: 0, cards: 0 }));
  }

  /** Counts these decisions; returns where each one's group begins. */
  begin({ listenerOf, served }: ComparedRows, decisions: Uint32Array, rowsOf: Float64Array): Uint32Array {
    const count = decisions.length;
    const offsets = new Uint32Array(count);
    this.#table.offsets(
      Uint32Array.from(decisions, (decision) => listenerOf[decision]),
      count,
      offsets,
    );
    const { sums } = this.#table;
    for (let k = 0; k < count; k++) {
      sums[offsets[k] + DECISIONS]++;
      sums[offsets[k] + SERVED] += served[decisions[k]];
      sums[offsets[k] + ROWS] += rowsOf[decisions[k]];
    }
    this.decisions += count;
    return offsets;
  }

  add(
    weighting: number,
    own: DecisionSums,
    control: Float64Array | undefined,
    decisions: Uint32Array,
    offsets: Uint32Array,
  ): void {
    const { sums } = this.#table;
    const weights = this.#weights[weighting];
    const first = FIRST + EACH * weighting;
    for (let k = 0; k < decisions.length; k++) {
      const d = decisions[k];
      const at = offsets[k] + first;
      sums[at + BASE] += own.base[d];
      sums[at + NUMERATOR] += own.numerator[d];
      sums[at + DENOMINATOR] += own.denominator[d];
      sums[at + WEIGHT] += own.all[d];
      if (control !== undefined) sums[at + CONTROL] += control[d];
      weights.sum += own.weight[d];
      weights.squares += own.square[d];
      weights.largest = Math.max(weights.largest, own.largest[d]);
      weights.cards += own.cards[d];
    }
  }

  groups(): GroupSums {
    return this.#table.occupied(DECISIONS);
  }

  weights(weighting: number): CardWeights {
    const { sum, squares, largest, cards } = this.#weights[weighting];
    return {
      cards,
      meanWeight: cards === 0 ? 0 : sum / cards,
      maxWeight: largest,
      effectiveCards: squares > 0 ? (sum * sum) / squares : 0,
      largestShare: sum > 0 ? largest / sum : 0,
      essShare: squares > 0 ? (sum * sum) / squares / cards : 0,
    };
  }
}
