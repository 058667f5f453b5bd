/** Isotonic calibration: the best map that never falls. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Calibrator } from './calibrator.ts';

/** Sums of neighbouring rows in the order of scores. */
interface Block {
  weight: number;
  /** Σ weight · label. */
  labelled: number;
  /** Σ weight · z. */
  scores: number;
}

/**
 * Pool adjacent violators (Ayer et al. 1955): blocks of neighbouring scores whose mean labels rise, the weighted least
 * squares fit and at the same time the most likely one among all that never fall. Equal scores are one block from the start.
 *
 * Between blocks h is linear in the logit, through (mean z, logit of the mean label) of each: centred isotonic regression
 * (Oron and Flournoy 2017). Steps would make equals of what the model tells apart, and a policy could no longer choose among
 * them; the price is that the mean prediction over the rows fitted on is not exactly their mean label. Means of labels are
 * kept 1 / (W + 2) away from 0 and 1, W being the sum of weights. Beyond the outermost blocks h goes on at `outerSlope`.
 *
 * @param leastWeight neighbouring rows are gathered into blocks of at least this weight before violators are pooled: the
 *   outermost blocks would otherwise be single rows, and their labels 0 and 1
 */
export function fitIsotonic(
  z: Float64Array,
  labels: Float32Array,
  weights: Float32Array,
  { leastWeight, outerSlope }: { readonly leastWeight: number; readonly outerSlope: number },
): Calibrator {
  const blocks = poolAdjacentViolators(gather(z, labels, weights, leastWeight));
  const total = blocks.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row to calibrate on has a positive weight');
  const margin = 1 / (total + 2);
  const rates = blocks.map(({ weight, labelled }) => Math.max(margin, Math.min(1 - margin, labelled / weight)));
  return {
    method: 'isotonic',
    x: rising(blocks.map(({ weight, scores }) => scores / weight)),
    y: rising(rates.map((rate) => Math.log(rate / (1 - rate)))),
    outerSlope,
  };
}

/** They rise but for the last bits, which sums may have lost. */
function rising(values: readonly number[]): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  return Float64Array.from(values, (value) => {
    most = Math.max(most, value);
    return most;
  });
}

function gather(z: Float64Array, labels: Float32Array, weights: Float32Array, leastWeight: number): Block[] {
  const order = Uint32Array.from(z, (_, r) => r)
    .filter((r) => weights[r] > 0)
    .sort((a, b) => z[a] - z[b]);
  const blocks: Block[] = [];
  let block: Block = { weight: 0, labelled: 0, scores: 0 };
  order.forEach((r, i) => {
    block.weight += weights[r];
    block.labelled += weights[r] * labels[r];
    block.scores += weights[r] * z[r];
    const parted = i + 1 === order.length || z[order[i + 1]] !== z[r];
    if (!parted || (block.weight < leastWeight && i + 1 < order.length)) return;
    // What is left over at the end belongs to the block before.
    const before = blocks.at(-1);
    if (block.weight < leastWeight && before !== undefined) join(before, block);
    else blocks.push(block);
    block = { weight: 0, labelled: 0, scores: 0 };
  });
  return blocks;
}

/** In place on the blocks given; those that remain have strictly rising means. */
function poolAdjacentViolators(blocks: readonly Block[]): readonly Block[] {
  const pooled: Block[] = [];
  for (const block of blocks) {
    let last = block;
    for (let before = pooled.at(-1); before !== undefined && violates(before, last); before = pooled.at(-1)) {
      join(before, last);
      last = before;
      pooled.pop();
    }
    pooled.push(last);
  }
  return pooled;
}

function violates(before: Block, block: Block): boolean {
  return before.labelled * block.weight >= block.labelled * before.weight;
}

function join(block: Block, next: Block): void {
  block.weight += next.weight;
  block.labelled += next.labelled;
  block.scores += next.scores;
}
