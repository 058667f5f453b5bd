/** How exposure is spread over artists: a report over many pages, under one policy or another. */

export interface ExposureReport {
  /** Cards that were shown. */
  readonly cards: number;
  /** Artists that were shown at all. */
  readonly creators: number;
  /**
   * Gini coefficient of exposure over all artists that could have been shown, those who were not included:
   * Σ_i (2 i - n - 1) x_i / (n Σ x), x ascending, i from 1. 0: all alike; near 1: one has all.
   */
  readonly gini: number;
  /** Share of exposure that newcomers had, [0, 1]; 0 where nothing was shown. */
  readonly newcomerShare: number;
}

/** Adds up exposure by artist: a combiner, `merge` adds another's. */
export class Exposure {
  readonly #byCreator = new Map<number, number>();
  #cards = 0;
  #ofNewcomers = 0;
  #total = 0;

  /** @param weight of the place, such as its examination θ, at least 0; 1 counts cards */
  add(creator: number, isNewcomer: boolean, weight: number): void {
    this.#cards++;
    this.#total += weight;
    if (isNewcomer) this.#ofNewcomers += weight;
    this.#byCreator.set(creator, (this.#byCreator.get(creator) ?? 0) + weight);
  }

  merge(other: Exposure): void {
    this.#cards += other.#cards;
    this.#total += other.#total;
    this.#ofNewcomers += other.#ofNewcomers;
    for (const [creator, weight] of other.#byCreator) {
      this.#byCreator.set(creator, (this.#byCreator.get(creator) ?? 0) + weight);
    }
  }

  /** @param available artists that could have been shown, at least as many as were */
  report(available: number): ExposureReport {
    const shown = Float64Array.from(this.#byCreator.values()).sort();
    const n = Math.max(available, shown.length);
    // Those who were not shown come first, with nothing.
    const unseen = n - shown.length;
    let sum = 0;
    for (let i = 0; i < shown.length; i++) sum += (2 * (unseen + i + 1) - n - 1) * shown[i];
    return {
      cards: this.#cards,
      creators: shown.length,
      gini: this.#total > 0 ? sum / (n * this.#total) : 0,
      newcomerShare: this.#total > 0 ? this.#ofNewcomers / this.#total : 0,
    };
  }
}
