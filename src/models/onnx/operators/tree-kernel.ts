/** The common kind of trees (one score, `<=` or `<`, one vote a leaf, all in 32 bits) through the kernels, with the same bits. */
import { createTreeScorer, type TreeScorer } from '../../../kernels/index.ts';
import { LEAF, LEQ, LT, type Trees } from './tree-table.ts';

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** The largest 32-bit float below a finite one: x < t is x <= below(t). */
function below(threshold: number): number {
  if (threshold === 0) return -(2 ** -149);
  single[0] = threshold;
  bits[0] += threshold > 0 ? -1 : 1;
  return single[0];
}

/** Nodes of a tree that the kernels' distances between a node and its children reach in any case. */
const MOST_NODES = 65_535;

/** Sums of votes of rows of 32-bit columns; undefined where the kernels do not have such trees. */
export class TreeKernel {
  private readonly trees: Omit<Parameters<typeof createTreeScorer>[0], 'denseWidth'>;
  private scorer: TreeScorer | undefined;
  private columns = -1;
  private sums = new Float64Array(0);
  private readonly noSlots = new Uint32Array(0);

  static of(trees: Trees): TreeKernel | undefined {
    const { modes, thresholds, votesFrom, votesTo, voteTargets, voteWeights } = trees;
    for (let n = 0; n < modes.length; n++) {
      if (modes[n] === LEAF) {
        const vote = votesFrom[n];
        if (votesTo[n] !== vote + 1 || voteTargets[vote] !== 0) return undefined;
        if (Math.fround(voteWeights[vote]) !== voteWeights[vote]) return undefined;
      } else if (modes[n] !== LEQ && modes[n] !== LT) return undefined;
      else if (!Number.isFinite(thresholds[n]) || Math.fround(thresholds[n]) !== thresholds[n]) return undefined;
    }
    const kernel = new TreeKernel(trees);
    const { starts } = kernel.trees;
    return starts.every((start, t) => t === 0 || start - starts[t - 1] <= MOST_NODES) ? kernel : undefined;
  }

  private constructor(trees: Trees) {
    const order: number[] = [];
    const left: number[] = [];
    const starts = [0];
    for (const root of trees.roots) {
      // Children stand side by side, behind all that is there already.
      const first = order.length;
      order.push(root);
      for (let at = first; at < order.length; at++) {
        const node = order[at];
        left.push(trees.modes[node] === LEAF ? 0 : order.length - first);
        if (trees.modes[node] !== LEAF) order.push(trees.yes[node], trees.no[node]);
      }
      starts.push(order.length);
    }
    const isLeaf = (n: number): boolean => trees.modes[n] === LEAF;
    const cut = (n: number): number => (trees.modes[n] === LT ? below(trees.thresholds[n]) : trees.thresholds[n]);
    this.trees = {
      starts: Uint32Array.from(starts),
      features: Int32Array.from(order, (n) => (isLeaf(n) ? -1 : trees.columns[n])),
      thresholds: Float32Array.from(order, (n) => (isLeaf(n) ? 0 : cut(n))),
      left: Uint32Array.from(left),
      missingLeft: Uint8Array.from(order, (n) => trees.missingYes[n]),
      values: Float32Array.from(order, (n) => (isLeaf(n) ? trees.voteWeights[trees.votesFrom[n]] : 0)),
      setOf: new Int32Array(order.length).fill(-1),
      sets: new Uint32Array(0),
      bucketStarts: new Uint32Array(1),
      buckets: new Uint32Array(0),
      sparseWidth: 0,
    };
  }

  /** One a row; a live view. */
  sum(x: Float32Array, rows: number, columns: number): Float64Array {
    if (this.scorer === undefined || this.columns !== columns) {
      this.scorer = createTreeScorer({ ...this.trees, denseWidth: columns });
      this.columns = columns;
    }
    if (this.sums.length < rows) this.sums = new Float64Array(2 * rows);
    this.scorer.score(x, this.noSlots, rows, 0, this.sums);
    return this.sums;
  }
}
