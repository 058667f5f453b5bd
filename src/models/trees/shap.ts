/**
 * What each feature adds to the margin of one row: its Shapley value under the trees' own distribution of rows.
 *
 *   φ_j = Σ_{S ⊆ F \ {j}} |S|! (|F| - |S| - 1)! / |F|! · (v(S ∪ {j}) - v(S))
 *
 * v(S) is a tree's mean where the row decides at nodes that ask features of S, and the other nodes send it both ways, by the
 * share of hessians that their children have. Algorithm 2 of Lundberg et al., "Consistent individualized feature attribution
 * for tree ensembles" (2018): exact, O(leaves · depth²) a tree. Base and expectations and all φ sum to the margin.
 */
import type { FeatureBatch } from '../../features/index.ts';
import type { TreeDecisions, TreeEnsemble } from './ensemble.ts';

/** Σ_t mean value of tree t, by cover: the margin of a row without any contribution, but for the base. */
export function expectedMargin(trees: TreeEnsemble): number {
  const { starts, features, left, values } = trees;
  let sum = 0;
  for (let tree = 0; tree + 1 < starts.length; tree++) {
    const start = starts[tree];
    const means = new Float64Array(starts[tree + 1] - start);
    // Children stand after their parent.
    for (let k = means.length - 1; k >= 0; k--) {
      const l = left[start + k];
      const share = leftShare(trees, start, k);
      means[k] = features[start + k] < 0 ? values[start + k] : share * means[l] + (1 - share) * means[l + 1];
    }
    sum += means[0];
  }
  return sum;
}

/** A share of nothing could not be taken out of a product again. */
const LEAST_SHARE = 1e-9;

/** Share of a node's hessians that its left child has. */
function leftShare({ covers, left, features }: TreeEnsemble, start: number, k: number): number {
  if (features[start + k] < 0) return 0;
  const l = start + left[start + k];
  const total = covers[l] + covers[l + 1];
  return total > 0 ? Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, covers[l] / total)) : 0.5;
}

/** Features of the path to a node, each once: in which share of the subsets of each size the row comes by here. */
interface Path {
  readonly features: Int32Array;
  /** Shares that pass where the feature is not in the subset, and where it is. */
  readonly zero: Float64Array;
  readonly one: Float64Array;
  readonly weights: Float64Array;
}

/** phi[f] += the contribution of feature f (columns, then slots) to the margin of the row. */
export function addContributions(
  trees: TreeEnsemble,
  decisions: TreeDecisions,
  batch: FeatureBatch,
  row: number,
  phi: Float64Array,
): void {
  for (let tree = 0; tree + 1 < trees.starts.length; tree++) {
    const start = trees.starts[tree];
    const depth = 2 + deepest(trees, start, 0);
    const path: Path = {
      features: new Int32Array(depth),
      zero: new Float64Array(depth),
      one: new Float64Array(depth),
      weights: new Float64Array(depth),
    };
    visit({ trees, decisions, batch, row, phi, start }, 0, path, 0, 1, 1, -1);
  }
}

function deepest(trees: TreeEnsemble, start: number, k: number): number {
  if (trees.features[start + k] < 0) return 0;
  const left = trees.left[start + k];
  return 1 + Math.max(deepest(trees, start, left), deepest(trees, start, left + 1));
}

interface Visit {
  readonly trees: TreeEnsemble;
  readonly decisions: TreeDecisions;
  readonly batch: FeatureBatch;
  readonly row: number;
  readonly phi: Float64Array;
  readonly start: number;
}

/** `length` entries of `parent` are the path so far; zero, one and feature are the step that led here. */
function visit(
  about: Visit,
  k: number,
  parent: Path,
  length: number,
  zero: number,
  one: number,
  feature: number,
): void {
  const { trees, decisions, batch, row, phi, start } = about;
  const path = copyOf(parent);
  extend(path, length, zero, one, feature);
  const n = start + k;
  const asked = trees.features[n];
  if (asked < 0) {
    for (let i = 1; i <= length; i++) {
      const weight = unwoundSum(path, length, i);
      phi[path.features[i]] += weight * (path.one[i] - path.zero[i]) * trees.values[n];
    }
    return;
  }
  const left = trees.left[n];
  const share = leftShare(trees, start, k);
  const isLeft = decisions.goesLeft(n, batch, row);
  let before = 1;
  while (before <= length && path.features[before] !== asked) before++;
  let incomingZero = 1;
  let incomingOne = 1;
  let next = length + 1;
  if (before <= length) {
    incomingZero = path.zero[before];
    incomingOne = path.one[before];
    unwind(path, length, before);
    next--;
  }
  const hot = isLeft ? left : left + 1;
  const cold = isLeft ? left + 1 : left;
  const hotShare = isLeft ? share : 1 - share;
  visit(about, hot, path, next, incomingZero * hotShare, incomingOne, asked);
  visit(about, cold, path, next, incomingZero * (1 - hotShare), 0, asked);
}

function copyOf({ features, zero, one, weights }: Path): Path {
  return { features: features.slice(), zero: zero.slice(), one: one.slice(), weights: weights.slice() };
}

/** Adds the step as entry `length`. */
function extend({ features, zero, one, weights }: Path, length: number, z: number, o: number, feature: number): void {
  features[length] = feature;
  zero[length] = z;
  one[length] = o;
  weights[length] = length === 0 ? 1 : 0;
  for (let i = length - 1; i >= 0; i--) {
    weights[i + 1] += (o * weights[i] * (i + 1)) / (length + 1);
    weights[i] = (z * weights[i] * (length - i)) / (length + 1);
  }
}

/** Takes entry `at` out again of the entries 0 to `last`. */
function unwind({ features, zero, one, weights }: Path, last: number, at: number): void {
  const o = one[at];
  const z = zero[at];
  let following = weights[last];
  for (let i = last - 1; i >= 0; i--) {
    if (o !== 0) {
      const kept = weights[i];
      weights[i] = (following * (last + 1)) / ((i + 1) * o);
      following = kept - (weights[i] * z * (last - i)) / (last + 1);
    } else {
      weights[i] = (weights[i] * (last + 1)) / (z * (last - i));
    }
  }
  for (let i = at; i < last; i++) {
    features[i] = features[i + 1];
    zero[i] = zero[i + 1];
    one[i] = one[i + 1];
  }
}

/** The sum of the weights that `unwind` would leave. */
function unwoundSum({ zero, one, weights }: Path, last: number, at: number): number {
  const o = one[at];
  const z = zero[at];
  let following = weights[last];
  let total = 0;
  for (let i = last - 1; i >= 0; i--) {
    if (o !== 0) {
      const unwound = (following * (last + 1)) / ((i + 1) * o);
      total += unwound;
      following = weights[i] - (unwound * z * (last - i)) / (last + 1);
    } else {
      total += (weights[i] * (last + 1)) / (z * (last - i));
    }
  }
  return total;
}
