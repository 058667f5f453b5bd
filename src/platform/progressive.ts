/**
 * Progressive validation of the model that learns online: each reward is predicted before it is learnt from, so that the
 * figures are of rows that the model had not seen, without any being held back (Blum, Kalai and Langford 1999). The last
 * 5,000 rewards are kept, since the model that earned older ones is no more.
 */
import type { FeatureBatch } from '../features/index.ts';
import { createReport, type RewardModel } from '../models/index.ts';
import { evaluationOf, type MeasuredRows } from './training/evaluate.ts';
import type { ModelDetail } from './training/report.ts';

const KEPT_ROWS = 5_000;
/** Fewer tell nothing. */
const LEAST_ROWS = 100;
/** Rows of one decision whose contributions are looked at. */
const EXPLAINED_ROWS = 2;
const MOST_FEATURES = 50;
/** Scores of other scales than probabilities are cut to it. */
const LEAST = 1e-9;

/** As it stands in the learner's checkpoint. */
export interface StoredProgress {
  /** The newest rows last. */
  readonly p: Float64Array;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
  /** Σ |contribution| by column or slot, and over how many rows. */
  readonly contributions: ReadonlyMap<string, number>;
  readonly explained: number;
}

export type ProgressCard = Pick<ModelDetail, 'quality' | 'reliability' | 'importance'>;

export class ProgressiveValidation {
  #p: number[];
  #labels: number[];
  #weights: number[];
  readonly #contributions: Map<string, number>;
  #explained: number;

  constructor(stored?: StoredProgress) {
    this.#p = Array.from(stored?.p ?? []);
    this.#labels = Array.from(stored?.labels ?? []);
    this.#weights = Array.from(stored?.weights ?? []);
    this.#contributions = new Map(stored?.contributions);
    this.#explained = stored?.explained ?? 0;
  }

  /**
   * Rows of one decision with what the model predicted for them, before it learns from them.
   * @param counts does the row count?
   */
  add(
    model: RewardModel,
    batch: FeatureBatch,
    { p, labels, weights }: Pick<StoredProgress, 'p' | 'labels' | 'weights'>,
    counts: (row: number) => boolean,
    rows: number,
  ): void {
    for (let r = 0; r < rows; r++) {
      if (!counts(r)) continue;
      this.#p.push(Math.min(1 - LEAST, Math.max(LEAST, p[r])));
      this.#labels.push(labels[r]);
      this.#weights.push(weights[r]);
    }
    for (let r = 0; r < Math.min(rows, EXPLAINED_ROWS); r++) {
      this.#explained++;
      for (const { name, contribution } of model.contributions(batch, r)) {
        this.#contributions.set(name, (this.#contributions.get(name) ?? 0) + Math.abs(contribution));
      }
    }
    // Cut now and then, not at each row.
    if (this.#p.length >= 2 * KEPT_ROWS) this.#cut();
    if (this.#explained >= 2 * KEPT_ROWS) {
      this.#explained /= 2;
      for (const [name, sum] of this.#contributions) this.#contributions.set(name, sum / 2);
    }
  }

  #cut(): void {
    this.#p = this.#p.slice(-KEPT_ROWS);
    this.#labels = this.#labels.slice(-KEPT_ROWS);
    this.#weights = this.#weights.slice(-KEPT_ROWS);
  }

  stored(): StoredProgress {
    this.#cut();
    return {
      p: Float64Array.from(this.#p),
      labels: Float32Array.from(this.#labels),
      weights: Float32Array.from(this.#weights),
      contributions: this.#contributions,
      explained: this.#explained,
    };
  }

  /** Undefined where there are too few rows to tell. */
  card(): ProgressCard | undefined {
    this.#cut();
    const rows = this.#p.length;
    if (rows < LEAST_ROWS) return undefined;
    const measured: MeasuredRows = {
      rows,
      labels: Float32Array.from(this.#labels),
      weights: Float32Array.from(this.#weights),
    };
    const weight = this.#weights.reduce((sum, w) => sum + w, 0);
    const rate = this.#labels.reduce((sum, label, r) => sum + label * this.#weights[r], 0) / weight;
    const { quality, reliability } = evaluationOf(
      (p) => {
        const report = createReport();
        report.add({ ...measured, p });
        return report.extract();
      },
      Float64Array.from(this.#p),
      new Float64Array(rows).fill(rate),
      undefined,
    );
    return {
      quality,
      reliability,
      importance: [...this.#contributions]
        .map(([name, sum]) => ({ name, contribution: sum / this.#explained }))
        .filter(({ contribution }) => contribution > 0)
        .sort((a, b) => b.contribution - a.contribution || (a.name < b.name ? -1 : 1))
        .slice(0, MOST_FEATURES),
    };
  }
}
