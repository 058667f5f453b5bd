/**
 * What popularity earned with the listeners whom it serves for good. They were chosen by hash, so that the mean of theirs is what popularity
 * earns with anybody: a baseline that needs no weights. Their visits are others than those that a policy is estimated on, and what both
 * have in common does not cancel.
 */
import { createRng } from '../../base/index.ts';
import {
  type GroupSums,
  type Interval,
  intervalsByListener,
  type ListenerIntervals,
  normalInterval,
  ratioOf,
  resampleSums,
} from '../../counterfactual/index.ts';
import type { ComparisonOptions } from './comparison.ts';

export interface HeldOutFigure extends ListenerIntervals {
  readonly decisions: number;
}

/** Fewer listeners say nothing of others. */
const LEAST_LISTENERS = 10;

export class HeldOut {
  /** By slice: listener → decisions, and what they earned. */
  readonly #slices = new Map<string, Map<string, { decisions: number; earned: number }>>();

  add(slice: string, listenerKey: string, earned: number): void {
    const listeners = this.#slices.get(slice) ?? new Map<string, { decisions: number; earned: number }>();
    this.#slices.set(slice, listeners);
    const own = listeners.get(listenerKey) ?? { decisions: 0, earned: 0 };
    own.decisions++;
    own.earned += earned;
    listeners.set(listenerKey, own);
  }

  /** Undefined where they are too few. */
  figure(
    slice: string,
    { level, resamples, seed }: Pick<ComparisonOptions, 'level' | 'resamples' | 'seed'>,
  ): HeldOutFigure | undefined {
    const listeners = [...(this.#slices.get(slice)?.values() ?? [])];
    if (listeners.length < LEAST_LISTENERS) return undefined;
    const sums = Float64Array.from(listeners.flatMap(({ decisions, earned }) => [decisions, earned]));
    const groups: GroupSums = { groups: listeners.length, columns: 2, sums };
    const mean = ratioOf({ decisions: 0, base: 1, terms: [] });
    const figure = intervalsByListener(groups, resampleSums(groups, resamples, createRng(seed)), mean, level);
    return { ...figure, decisions: listeners.reduce((sum, { decisions }) => sum + decisions, 0) };
  }
}

/**
 * value / baseline - 1 of two independent estimates, with a normal interval: its variance is (se_a / b)² + (a se_b / b²)². Undefined where the
 * baseline is not above 0.
 */
export function unpairedLift(
  { value: a, standardError: ofA }: Pick<ListenerIntervals, 'value' | 'standardError'>,
  { value: b, standardError: ofB }: Pick<ListenerIntervals, 'value' | 'standardError'>,
  level: number,
): { readonly value: number; readonly interval: Interval } | undefined {
  if (!(b > 0)) return undefined;
  const value = a / b - 1;
  return { value, interval: normalInterval(value, Math.hypot(ofA / b, (a * ofB) / b ** 2), level) };
}
