/**
 * The precision A of a Gaussian over n coordinates, held as its Cholesky factor: A = L Lᵀ, L lower triangular.
 *
 * Rows are added by updates of the factor rather than of the inverse (Sherman-Morrison): both cost O(n²), but a factor stays
 * positive definite whatever is added, however often. The lower triangle is packed by columns: column k starts at
 * k n - k (k - 1) / 2 and holds L[k..n)[k].
 */
import { ShelfwiseError } from '../../base/index.ts';

export class PrecisionFactor {
  readonly size: number;
  /** n (n + 1) / 2 numbers. */
  readonly packed: Float64Array;
  private readonly scratch: Float64Array;

  constructor(size: number, packed: Float64Array) {
    this.size = size;
    this.packed = packed;
    this.scratch = new Float64Array(size);
  }

  /** Of prior · I. */
  static ofPrior(size: number, prior: number): PrecisionFactor {
    const factor = new PrecisionFactor(size, new Float64Array((size * (size + 1)) / 2));
    for (let k = 0, at = 0; k < size; at += size - k, k++) factor.packed[at] = Math.sqrt(prior);
    return factor;
  }

  /** Of a matrix whose lower triangle is packed likewise; it is overwritten. Throws `BUG` unless it is positive definite. */
  static ofMatrix(size: number, packed: Float64Array): PrecisionFactor {
    for (let k = 0, at = 0; k < size; at += size - k, k++) {
      const pivot = Math.sqrt(packed[at]);
      if (!(pivot > 0)) throw new ShelfwiseError('BUG', `pivot ${k} of a precision matrix is ${packed[at]}`);
      for (let i = 0; i < size - k; i++) packed[at + i] /= pivot;
      for (let j = k + 1, to = at + size - k; j < size; to += size - j, j++) {
        const multiple = packed[at + j - k];
        if (multiple === 0) continue;
        const column = at + j - k;
        for (let i = 0; i < size - j; i++) packed[to + i] -= multiple * packed[column + i];
      }
    }
    return new PrecisionFactor(size, packed);
  }

  /** A += weight · x xᵀ, weight >= 0 (Golub & Van Loan 2013, section 6.5.4). */
  add(x: Float64Array, weight: number): void {
    const { size, packed, scratch } = this;
    const root = Math.sqrt(weight);
    for (let i = 0; i < size; i++) scratch[i] = root * x[i];
    for (let k = 0, at = 0; k < size; at += size - k, k++) {
      const entry = scratch[k];
      if (entry === 0) continue;
      const diagonal = packed[at];
      const larger = Math.sqrt(diagonal * diagonal + entry * entry);
      const cosine = diagonal / larger;
      const sine = entry / larger;
      packed[at] = larger;
      for (let i = 1; i < size - k; i++) {
        const below = packed[at + i];
        packed[at + i] = cosine * below + sine * scratch[k + i];
        scratch[k + i] = cosine * scratch[k + i] - sine * below;
      }
    }
  }

  /** xᵀ A⁻¹ x = |L⁻¹ x|², the variance of x · θ. */
  variance(x: Float64Array): number {
    const { scratch } = this;
    this.whiten(x, scratch);
    let sum = 0;
    for (let k = 0; k < scratch.length; k++) sum += scratch[k] * scratch[k];
    return sum;
  }

  /** out = L⁻¹ x, so that the products of such vectors are covariances; `out` may be `x`. */
  whiten(x: Float64Array, out: Float64Array): void {
    const { size, packed } = this;
    if (out !== x) out.set(x);
    for (let k = 0, at = 0; k < size; at += size - k, k++) {
      const y = out[k] / packed[at];
      out[k] = y;
      if (y === 0) continue;
      for (let i = 1; i < size - k; i++) out[k + i] -= y * packed[at + i];
    }
  }

  /** out = A⁻¹ x; `out` may be `x`. */
  solve(x: Float64Array, out: Float64Array): void {
    const { size, packed } = this;
    if (out !== x) out.set(x);
    for (let k = 0, at = 0; k < size; at += size - k, k++) {
      const y = out[k] / packed[at];
      out[k] = y;
      for (let i = 1; i < size - k; i++) out[k + i] -= y * packed[at + i];
    }
    this.spread(out, out);
  }

  /** out = L⁻ᵀ z, which has covariance A⁻¹ where z is standard normal; `out` may be `z`. */
  spread(z: Float64Array, out: Float64Array): void {
    const { size, packed } = this;
    for (let k = size - 1, at = packed.length - 1; k >= 0; k--, at -= size - k) {
      let sum = z[k];
      for (let i = 1; i < size - k; i++) sum -= packed[at + i] * out[k + i];
      out[k] = sum / packed[at];
    }
  }
}

/** Adds weight · x xᵀ to a lower triangle packed by columns: what `PrecisionFactor.ofMatrix` is made of. */
export function addOuter(packed: Float64Array, size: number, x: Float64Array, weight: number): void {
  for (let k = 0, at = 0; k < size; at += size - k, k++) {
    const multiple = weight * x[k];
    if (multiple === 0) continue;
    for (let i = 0; i < size - k; i++) packed[at + i] += multiple * x[k + i];
  }
}
