/** How the weights of a comparison lie: by policy and rung, over their logarithm, whatever the length of the log. */
import { type ComparedRows, LogHistogram } from '../../counterfactual/index.ts';

/** Of the cards' weights W of one policy, over all decisions. */
export interface WeightHistogram {
  /** Of the policy, in the order that was asked for. */
  readonly name: string;
  readonly cards: number;
  /** Cards of weight 0: the policy never shows them there. */
  readonly zeros: number;
  /** From W > `from` to W <= `to`; not empty, ascending, each 1.22 times as wide as the one before. */
  readonly bins: readonly WeightBin[];
}

export interface WeightBin {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
}

/** Bins grow by (1 + ε) / (1 - ε): eleven or twelve a decade. */
const RELATIVE_ERROR = 0.1;

export class WeightHistograms {
  /** [policy][rung] */
  readonly #histograms: readonly (readonly LogHistogram[])[];

  constructor(policies: number, rungs: number) {
    this.#histograms = Array.from({ length: policies }, () =>
      Array.from({ length: rungs }, () => new LogHistogram(RELATIVE_ERROR)),
    );
  }

  /** Places that a page lacks have weights too, and are left out: they are no card. */
  add({ policies, isCard }: Pick<ComparedRows, 'policies' | 'isCard'>): void {
    for (const [policy, byRung] of this.#histograms.entries()) {
      for (const [rung, histogram] of byRung.entries()) {
        const { weights, rows } = policies[policy][rung];
        for (let row = 0; row < rows; row++) if (isCard[row] === 1) histogram.add(weights[row]);
      }
    }
  }

  of(name: string, policy: number, rung: number): WeightHistogram {
    const histogram = this.#histograms[policy][rung];
    return {
      name,
      cards: histogram.count,
      zeros: histogram.zeros,
      bins: histogram.filled().map(({ from, to, count }) => ({ from, to, cards: count })),
    };
  }
}
