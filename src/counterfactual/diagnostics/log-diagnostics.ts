/** What every evaluation says of its log, taken in the same pass. */
import { LISTENER_GROUPS } from '../groups.ts';
import type { EvaluationRows } from '../rows.ts';
import type { Evidence } from '../verdict.ts';
import { MeanWeightMeter, WeightDiagnostics } from './weights.ts';

/** Weights and their mean by listener: an observer of `evaluate`, and evidence of `judge`. Memory does not grow with the log. */
export class LogDiagnostics {
  readonly #weights: WeightDiagnostics;
  readonly #mean: MeanWeightMeter;

  /** `clippedAt`: each λ > 0 of which the clipped mass is asked. Throws `OPTION_INVALID`. */
  constructor(clippedAt: readonly number[] = [], listenerGroups: number = LISTENER_GROUPS) {
    this.#weights = new WeightDiagnostics(clippedAt);
    this.#mean = new MeanWeightMeter(listenerGroups);
  }

  /** Chunks are checked before (see `checkRows`). */
  add(chunk: EvaluationRows): void {
    this.#weights.add(chunk);
    this.#mean.add(chunk);
  }

  /** Bins of the weights, for a plot. */
  get histogram() {
    return this.#weights.histogram;
  }

  /** What an evaluation of an estimate that clips at `lambda` is judged by; what is known besides (missing mass, propensities, slices, drift) is added to it. */
  evidence(lambda?: number): Evidence & { readonly weights: ReturnType<WeightDiagnostics['summary']> } {
    const weights = this.#weights.summary();
    const clippedMass = weights.clipped.find((one) => one.lambda === lambda)?.share;
    return { weights, meanWeight: this.#mean.summary(), clippedMass };
  }
}
