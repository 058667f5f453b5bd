/**
 * The probability that each of n independent normal variables is the greatest, by quadrature. What Gaussian Thompson sampling
 * would take many draws to estimate.
 */
import { upperGamma } from '../base/index.ts';
import { highestShared, requireNumbers, Scratch, type StepEvidence } from './policy.ts';

/** Standard deviations from a mean beyond which nothing is looked at: a mass of 1e-9 on each side. */
const REACH = 6;
/** Step of the trapezoidal rule, in units of the transformed variable. */
const STEP = 0.04;
/** Deviations below this share of the greatest one are raised to it. */
const LEAST_SHARE = 1e-6;

/** Per unit of z. */
const PER_UNIT = 64;
const TABLE_LOW = -10;
const TABLE_HIGH = 8;

/** ln Φ(z), φ(z) / Φ(z) and its derivative at points of z, for cubic interpolation: errors below 1e-9. Made when first asked for. */
let table: Float64Array | undefined;

function normalTable(): Float64Array {
  if (table !== undefined) return table;
  const points = (TABLE_HIGH - TABLE_LOW) * PER_UNIT + 1;
  const made = new Float64Array(3 * points);
  for (let i = 0; i < points; i++) {
    const z = TABLE_LOW + i / PER_UNIT;
    const tail = 0.5 * upperGamma(0.5, (z * z) / 2);
    const cdf = z < 0 ? tail : 1 - tail;
    const hazard = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI) / cdf;
    made[3 * i] = Math.log(cdf);
    made[3 * i + 1] = hazard;
    made[3 * i + 2] = -hazard * (z + hazard);
  }
  table = made;
  return made;
}

/**
 * p_i = ∫ φ((x - μ_i) / σ_i) / σ_i Π_{j≠i} Φ((x - μ_j) / σ_j) dx, normalised.
 *
 * Below L = max_j (μ_j - 6 σ_j) the product is under 1e-9, above U = max_j (μ_j + 6 σ_j) hardly a draw lies. An action whose
 * reach ends below L has no chance. All others reach L from both sides, so that whatever is narrow lies close to L:
 * the substitution x = L + 6 σ_min sinh(y) spends its points there, and the trapezoidal rule in y, over an integrand that is
 * analytic and vanishes at both ends, converges exponentially. With steps of 0.04 the absolute error of each p_i is below
 * 1e-8 for up to 1,000 actions and deviations whose ratio is up to 1,000 (tested against finer steps, and against the closed form
 * for two); deviations below a millionth of the greatest are raised to that. O(n) a point; 37 points for equal deviations, about 58 more for
 * each power of ten by which they differ.
 */
export class TopOne {
  readonly #table = normalTable();
  readonly #offsets = new Scratch();
  readonly #scales = new Scratch();
  readonly #hazards = new Scratch();
  #live = new Int32Array(64);
  readonly #step: number;

  constructor(step = STEP) {
    this.#step = step;
  }

  /**
   * Writes the distribution over n actions to `out`; deviations are the evidence's times `spread`. Where no deviation tells
   * actions apart, the greatest values share the mass. Throws `OPTION_INVALID` for a value that is NaN.
   */
  write(
    owner: string,
    values: Float64Array,
    n: number,
    { rows, deviations }: StepEvidence,
    spread: number,
    out: Float64Array,
  ): void {
    requireNumbers(owner, values, n);
    let highest = Number.NEGATIVE_INFINITY;
    let widest = 0;
    for (let k = 0; k < n; k++) {
      highest = Math.max(highest, values[k]);
      widest = Math.max(widest, spread * deviations[rows[k]]);
    }
    if (!Number.isFinite(highest) || widest === 0) {
      highestShared(owner, values, n, out);
      return;
    }
    const least = LEAST_SHARE * widest;
    // Everything is measured from the highest value: where values are huge, their differences are all that counts.
    let low = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n; k++) {
      low = Math.max(low, values[k] - highest - REACH * Math.max(least, spread * deviations[rows[k]]));
    }
    if (this.#live.length < n) this.#live = new Int32Array(2 * n);
    const offsets = this.#offsets.of(n);
    const scales = this.#scales.of(n);
    let live = 0;
    let narrowest = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n; k++) {
      out[k] = 0;
      const deviation = Math.max(least, spread * deviations[rows[k]]);
      const offset = values[k] - highest - low;
      if (!(offset + REACH * deviation > 0)) continue;
      this.#live[live] = k;
      offsets[live] = offset;
      scales[live++] = 1 / deviation;
      narrowest = Math.min(narrowest, deviation);
      high = Math.max(high, offset + REACH * deviation);
    }
    if (live === 1) {
      out[this.#live[0]] = 1;
      return;
    }
    const unit = REACH * narrowest;
    const points = Math.ceil(Math.asinh(high / unit) / this.#step);
    let sum = 0;
    for (let point = 1; point <= points; point++) {
      const sinh = Math.sinh(point * this.#step);
      sum += this.#add(unit * sinh, Math.sqrt(1 + sinh * sinh), live, out);
    }
    for (let k = 0; k < n; k++) out[k] /= sum;
  }

  /** Adds the integrand at this distance above L, times `weight`; returns what it added to all of them. */
  #add(distance: number, weight: number, live: number, out: Float64Array): number {
    const offsets = this.#offsets.of(live);
    const scales = this.#scales.of(live);
    const hazards = this.#hazards.of(live);
    const values = this.#table;
    let logAll = 0;
    for (let i = 0; i < live; i++) {
      const z = (distance - offsets[i]) * scales[i];
      if (z >= TABLE_HIGH) {
        hazards[i] = 0;
        continue;
      }
      if (z <= TABLE_LOW) return 0;
      const position = (z - TABLE_LOW) * PER_UNIT;
      const cell = Math.floor(position);
      const t = position - cell;
      const at = 3 * cell;
      const hazard = values[at + 1];
      const next = values[at + 4];
      // Hermite's cubics: ln Φ has the hazard as its derivative, the hazard its own.
      const u = 1 - t;
      const a = u * u * (1 + 2 * t);
      const b = t * t * (3 - 2 * t);
      const c = (t * u * u) / PER_UNIT;
      const d = (-t * t * u) / PER_UNIT;
      logAll += a * values[at] + b * values[at + 3] + c * hazard + d * next;
      hazards[i] = (a * hazard + b * next + c * values[at + 2] + d * values[at + 5]) * scales[i];
    }
    const all = weight * Math.exp(logAll);
    let added = 0;
    for (let i = 0; i < live; i++) {
      const mass = all * hazards[i];
      out[this.#live[i]] += mass;
      added += mass;
    }
    return added;
  }
}
