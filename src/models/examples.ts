/** Checks and column statistics of rows to learn from. */
import { ShelfwiseError } from '../base/index.ts';
import type { EncoderShape } from '../features/index.ts';
import type { Examples } from './contract.ts';

/** Sample weight of a row at most. */
export const MOST_WEIGHT = 1e9;

/**
 * Throws `EXAMPLES_INVALID` for the first row that cannot be learnt from. Dense NaN is a missing value and allowed.
 * `total` is the sum of the weights, `labelled` the sum of weight times label.
 */
export function checkRows(
  encoder: EncoderShape,
  { batch, labels, weights, rows }: Examples,
): { total: number; labelled: number } {
  if (batch.denseWidth !== encoder.denseWidth || batch.sparseWidth !== encoder.sparseWidth) {
    const widths = `${batch.denseWidth} + ${batch.sparseWidth} columns; the model has ${encoder.denseWidth} + ${encoder.sparseWidth}`;
    throw new ShelfwiseError('EXAMPLES_INVALID', `the batch has ${widths}`);
  }
  if (rows > batch.rows || rows > labels.length || rows > weights.length) {
    throw new ShelfwiseError(
      'EXAMPLES_INVALID',
      `${rows} rows of a batch of ${batch.rows}, ${labels.length} labels, ${weights.length} weights`,
    );
  }
  let total = 0;
  let labelled = 0;
  for (let r = 0; r < rows; r++) {
    const label = labels[r];
    const weight = weights[r];
    if (!(label >= 0 && label <= 1)) throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has label ${label}`);
    if (!(weight >= 0 && weight <= MOST_WEIGHT)) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has weight ${weight}`);
    }
    total += weight;
    labelled += weight * label;
  }
  for (let k = 0; k < rows * batch.sparseWidth; k++) {
    if (batch.sparse[k] >= encoder.buckets) {
      const row = Math.floor(k / batch.sparseWidth);
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${row} has bucket ${batch.sparse[k]} of ${encoder.buckets}`);
    }
  }
  for (let k = 0; k < rows * batch.denseWidth; k++) {
    const x = batch.dense[k];
    if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${Math.floor(k / batch.denseWidth)} has an infinite value`);
    }
  }
  return { total, labelled };
}

/** The same of rows that are not learnt from. Without weight they would have no loss, and say "stop" at once. */
export function checkValidation(encoder: EncoderShape, validation: Examples): void {
  if (!(checkRows(encoder, validation).total > 0)) {
    throw new ShelfwiseError('EXAMPLES_INVALID', 'no row of the validation has a positive weight');
  }
}

/** A smaller scale would blow up a rare indicator: one row could then move the logit of the next by more than it knows. */
const LEAST_SCALE = 0.25;
/** Below it a column is constant: what it will mean when it moves is not known, so that its unit stays as it is. */
const CONSTANT = 1e-6;

/** Rows whose moments are taken together. */
const MOMENT_ROWS = 512;

/**
 * Weighted mean, and scale, of each dense column over its known values: the standard deviation, at least `leastScale`; 1 if
 * constant.
 */
export function columnMoments(
  { batch, weights, rows }: Examples,
  means: Float64Array,
  scales: Float64Array,
  leastScale = LEAST_SCALE,
): void {
  const width = batch.denseWidth;
  const totals = new Float64Array(width);
  const variances = new Float64Array(width);
  // Of one block of rows, which stays in the cache for its second look: nothing is divided for each cell.
  const blockTotals = new Float64Array(width);
  const blockMeans = new Float64Array(width);
  const squares = new Float64Array(width);
  means.fill(0);
  for (let from = 0; from < rows; from += MOMENT_ROWS) {
    const to = Math.min(rows, from + MOMENT_ROWS);
    blockTotals.fill(0);
    blockMeans.fill(0);
    squares.fill(0);
    for (let r = from; r < to; r++) {
      const weight = weights[r];
      if (weight === 0) continue;
      for (let j = 0; j < width; j++) {
        const x = batch.dense[r * width + j];
        if (Number.isNaN(x)) continue;
        blockTotals[j] += weight;
        blockMeans[j] += weight * x;
      }
    }
    for (let j = 0; j < width; j++) if (blockTotals[j] > 0) blockMeans[j] /= blockTotals[j];
    for (let r = from; r < to; r++) {
      const weight = weights[r];
      if (weight === 0) continue;
      for (let j = 0; j < width; j++) {
        const difference = batch.dense[r * width + j] - blockMeans[j];
        if (!Number.isNaN(difference)) squares[j] += weight * difference * difference;
      }
    }
    // Chan, Golub & LeVeque (1979): two sets' moments are merged.
    for (let j = 0; j < width; j++) {
      if (blockTotals[j] === 0) continue;
      const total = totals[j] + blockTotals[j];
      const difference = blockMeans[j] - means[j];
      variances[j] += squares[j] + (difference * difference * totals[j] * blockTotals[j]) / total;
      means[j] += (difference * blockTotals[j]) / total;
      totals[j] = total;
    }
  }
  for (let j = 0; j < width; j++) {
    const deviation = totals[j] > 0 ? Math.sqrt(variances[j] / totals[j]) : 0;
    scales[j] = deviation < CONSTANT ? 1 : Math.max(leastScale, deviation);
  }
}
