/** Pairs of slots that are slots of their own: a linear model then knows what two of them mean together. */
import { combine32, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { Contribution } from '../contract.ts';

export class CrossedSlots {
  /** Pairs of slot numbers. */
  readonly pairs: readonly (readonly [number, number])[];
  private readonly encoder: EncoderShape;
  private scratch = new Uint32Array(0);

  /** Throws `OPTION_INVALID` for a name that is no slot. */
  constructor(encoder: EncoderShape, names: readonly (readonly [string, string])[]) {
    this.encoder = encoder;
    this.pairs = names.map((pair) => {
      const [a, b] = pair.map((name) => encoder.sparseNames.indexOf(name));
      if (pair.length === 2 && a >= 0 && b >= 0 && a !== b) return [a, b] as const;
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `logisticModel: crosses has [${pair.join(', ')}]; it must be two different names of the slots ${encoder.sparseNames.join(', ')}`,
      );
    });
  }

  /**
   * The batch with one more slot a pair: bucket = hash(pair's number, both buckets), 0 where either is missing. The batch
   * itself where there are no pairs. What is returned is overwritten by the next call.
   */
  expand(batch: FeatureBatch, rows: number): FeatureBatch {
    const { pairs, encoder } = this;
    if (pairs.length === 0) return batch;
    const width = encoder.sparseWidth;
    if (batch.sparseWidth !== width || rows > batch.rows) {
      throw new RangeError(
        `${rows} rows of ${width} slots wanted; the batch has ${batch.rows} of ${batch.sparseWidth}`,
      );
    }
    const wider = width + pairs.length;
    if (this.scratch.length < rows * wider) this.scratch = new Uint32Array(rows * wider);
    const sparse = this.scratch;
    const mask = encoder.buckets - 1;
    for (let r = 0; r < rows; r++) {
      const from = r * width;
      const to = r * wider;
      for (let s = 0; s < width; s++) sparse[to + s] = batch.sparse[from + s];
      for (let c = 0; c < pairs.length; c++) {
        const [a, b] = pairs[c];
        const left = batch.sparse[from + a];
        const right = batch.sparse[from + b];
        // Never bucket 0, which means missing.
        sparse[to + width + c] =
          left === 0 || right === 0 ? 0 : Math.max(1, combine32(combine32(left, right), c) & mask);
      }
    }
    return { rows, denseWidth: batch.denseWidth, sparseWidth: wider, dense: batch.dense, sparse };
  }

  /** Shares what each cross of an expanded row contributes equally between its two slots. */
  share(
    contributions: readonly Contribution[],
    expanded: FeatureBatch,
    row: number,
    sparse: Float32Array,
  ): readonly Contribution[] {
    if (this.pairs.length === 0) return contributions;
    const { denseWidth, sparseWidth } = this.encoder;
    const shares = contributions.map(({ contribution }) => contribution);
    this.pairs.forEach(([a, b], c) => {
      const half = sparse[expanded.sparse[row * expanded.sparseWidth + sparseWidth + c]] / 2;
      shares[denseWidth + a] += half;
      shares[denseWidth + b] += half;
    });
    return contributions.map(({ name }, i) => ({ name, contribution: shares[i] }));
  }
}
