/** The matrix that encoders write and reward models read. */

export interface FeatureBatch {
  /** Rows that there is room for. */
  readonly rows: number;
  readonly denseWidth: number;
  readonly sparseWidth: number;
  /** rows x denseWidth, row-major. */
  readonly dense: Float32Array;
  /** rows x sparseWidth buckets, row-major; 0 means missing. */
  readonly sparse: Uint32Array;
}

/** What a batch and a model must know of the encoder that fills their rows. */
export interface EncoderShape {
  /** Content hash of the declaration that the columns come from. */
  readonly hash: string;
  readonly denseWidth: number;
  readonly sparseWidth: number;
  /** Buckets that hashed slots fall into, a power of two. Bucket 0 means missing. */
  readonly buckets: number;
  readonly denseNames: readonly string[];
  readonly sparseNames: readonly string[];
}

/** Room for `rows` rows, all zero. */
export function createBatch(encoder: Pick<EncoderShape, 'denseWidth' | 'sparseWidth'>, rows: number): FeatureBatch {
  return {
    rows,
    denseWidth: encoder.denseWidth,
    sparseWidth: encoder.sparseWidth,
    dense: new Float32Array(rows * encoder.denseWidth),
    sparse: new Uint32Array(rows * encoder.sparseWidth),
  };
}
