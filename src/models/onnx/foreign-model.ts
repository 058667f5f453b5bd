/**
 * A reward model that was trained elsewhere and came as an ONNX file: the family `onnx`. It serves under the same contract;
 * of its own uncertainty it knows nothing, and it does not learn.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, type Json, sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import type { Contribution, RewardModel, ScoreScale } from '../contract.ts';
import { logit, sigmoids } from '../sigmoid.ts';
import { type Bound, type BoundInput, bind, type OnnxBinding, parseBinding } from './binding.ts';
import { inputPorts, type OnnxEngine, outputPorts } from './engine.ts';
import { exportForeign } from './export-foreign.ts';
import { METADATA } from './export-model.ts';
import { decodeModel } from './format.ts';
import { createInterpreter, missingOperators } from './interpreter.ts';
import type { ModelProto } from './onnx_pb.ts';
import { Value } from './operators/index.ts';
import { createRuntime } from './runtime.ts';

export const ONNX_FAMILY = 'onnx';
const FORMAT = 1;

/** Probabilities are kept strictly within (0, 1), as far from its ends as those of our own families: a logit of 30. */
const LEAST = 1 / (1 + Math.exp(30));
/** How far rounding may carry a probability beyond its ends before it is none. */
const SLACK = 1e-5;
/** Rows at once: memory is bounded, and nothing is lost by it. */
const CHUNK_ROWS = 4096;

/**
 * Opens a model file for serving. Every input is bound, names, types and widths are checked on both sides, and one row is
 * scored, before it is a model.
 *
 * Throws `ONNX_INVALID` for what is no model, `ONNX_BINDING` for what does not fit, `MODEL_ENCODER_MISMATCH` for a file that
 * Shelfwise wrote for another encoder, `ONNX_OPERATOR` where our operators do not suffice and `onnxruntime-node` is not
 * installed, `ONNX_RUNTIME` where that refuses the model, `ONNX_SCORE` for a score that cannot be served.
 */
export function openOnnxModel(
  bytes: Uint8Array,
  options: { readonly encoder: EncoderShape } & OnnxBinding,
): RewardModel {
  const { encoder, ...given } = options;
  return open(bytes, encoder, parseBinding(given));
}

export const onnxModels = {
  family: ONNX_FAMILY,
  /** The model that an epoch holds. Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`, and `ONNX_RUNTIME` where it needs one. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel {
    const { bytes } = epoch.arrays;
    if (epoch.meta.family !== ONNX_FAMILY || epoch.meta.format !== FORMAT || !(bytes instanceof Uint8Array)) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no ONNX model that this version reads`);
    }
    if (epoch.meta.encoder !== encoder.hash) {
      const wanted = `reads encoder ${String(epoch.meta.encoder)}, this one is ${encoder.hash}`;
      throw new ShelfwiseError('MODEL_ENCODER_MISMATCH', `the model ${epoch.hash} ${wanted}`);
    }
    return open(bytes, encoder, parseBinding(epoch.meta.binding));
  },
};

function open(bytes: Uint8Array, encoder: EncoderShape, binding: OnnxBinding): RewardModel {
  const model = decodeModel(bytes);
  const written = model.metadataProps.find(({ key }) => key === METADATA.encoder)?.value;
  if (written !== undefined && written !== encoder.hash) {
    throw new ShelfwiseError(
      'MODEL_ENCODER_MISMATCH',
      `the file was written for ${written}, this one is ${encoder.hash}`,
    );
  }
  if (model.graph === undefined) throw new ShelfwiseError('ONNX_INVALID', 'the file holds no graph');
  const bound = bind(binding, encoder, inputPorts(model.graph), outputPorts(model.graph));
  const { engine, kind } = engineOf(bytes, model, bound.output.name, binding.engine ?? 'auto');
  // A copy: who gave the bytes may change them.
  return new ForeignModel(Uint8Array.from(bytes), encoder, { ...binding, engine: kind }, bound, engine);
}

/** Which engine was chosen stands in the epoch: another may give other bits. */
function engineOf(
  bytes: Uint8Array,
  model: ModelProto,
  output: string,
  wanted: NonNullable<OnnxBinding['engine']>,
): { engine: OnnxEngine; kind: 'shelfwise' | 'onnxruntime' } {
  if (wanted !== 'onnxruntime') {
    try {
      return { engine: createInterpreter(model, output), kind: 'shelfwise' };
    } catch (error) {
      const ours = error instanceof ShelfwiseError && error.code === 'ONNX_OPERATOR';
      if (!ours || wanted === 'shelfwise') throw error;
      try {
        return { engine: createRuntime(bytes), kind: 'onnxruntime' };
      } catch (failure) {
        // Without the package the operators are what the reader must know of.
        const names = missingOperators(model).join(', ') || error.message;
        throw new ShelfwiseError('ONNX_OPERATOR', names, { cause: failure });
      }
    }
  }
  return { engine: createRuntime(bytes), kind: 'onnxruntime' };
}

class ForeignModel implements RewardModel {
  readonly family = ONNX_FAMILY;
  readonly scale: ScoreScale;
  readonly hash: string;
  readonly encoderHash: string;
  readonly bias: number;
  private readonly encoder: EncoderShape;
  private readonly bound: Bound;
  private readonly engine: OnnxEngine;
  private readonly content: EpochContent;
  private readonly feeds = new Map<string, Value>();

  constructor(bytes: Uint8Array, encoder: EncoderShape, binding: OnnxBinding, bound: Bound, engine: OnnxEngine) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.bound = bound;
    this.engine = engine;
    this.scale = bound.scale;
    this.content = {
      kind: 'model',
      meta: { family: ONNX_FAMILY, format: FORMAT, encoder: encoder.hash, binding: binding as unknown as Json },
      arrays: { bytes },
    };
    this.hash = sealEpoch(this.content).hash;
    for (const { port } of bound.inputs) this.feeds.set(port.name, new Value());
    this.bias = this.baselineScore();
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { denseWidth, sparseWidth } = this.encoder;
    if (
      batch.denseWidth !== denseWidth ||
      batch.sparseWidth !== sparseWidth ||
      rows > batch.rows ||
      rows > out.length
    ) {
      throw new RangeError(
        `${rows} rows of ${denseWidth} + ${sparseWidth} columns wanted; the batch has ${batch.rows} of ${batch.denseWidth} + ${batch.sparseWidth}, there is room for ${out.length}`,
      );
    }
    const chunk = this.bound.fixedRows > 0 ? this.bound.fixedRows : CHUNK_ROWS;
    for (let from = 0; from < rows; from += chunk) this.predictChunk(batch, from, Math.min(rows, from + chunk), out);
  }

  /** Where the model takes a fixed number of rows, the last one fills up what is missing. */
  private predictChunk(batch: FeatureBatch, from: number, to: number, out: Float64Array): void {
    const { inputs, output, fixedRows } = this.bound;
    const fed = fixedRows > 0 ? fixedRows : to - from;
    for (const input of inputs) feed(input, batch, from, to, fed, this.feeds.get(input.port.name) as Value);
    const result = this.engine.run(this.feeds, output.name);
    const width = fed > 0 ? result.size / fed : 1;
    const column = this.bound.column ?? (width === 2 ? 1 : 0);
    const shaped = result.dims.length === 1 || (result.dims.length === 2 && result.dims[0] === fed);
    if (!shaped || !Number.isInteger(width) || column >= width || (this.bound.column === undefined && width > 2)) {
      const asked = this.bound.column === undefined ? 'a column' : `column ${column}`;
      throw new ShelfwiseError(
        'ONNX_BINDING',
        `"${output.name}" is [${result.dims}] of ${fed} rows; name ${asked} of it`,
      );
    }
    const scores = result.numbers;
    for (let r = from; r < to; r++) out[r] = scores[(r - from) * width + column];
    this.check(out, from, to);
  }

  /** Refuses what is no score; brings probabilities strictly within (0, 1). */
  private check(out: Float64Array, from: number, to: number): void {
    const { as } = this.bound;
    for (let r = from; r < to; r++) {
      const score = out[r];
      if (Number.isNaN(score) || (as === 'probability' && !(score >= -SLACK && score <= 1 + SLACK))) {
        throw new ShelfwiseError('ONNX_SCORE', `row ${r} scores ${score}, read as ${as}`);
      }
      if (as === 'probability') out[r] = Math.min(1 - LEAST, Math.max(LEAST, score));
    }
    if (as === 'logit') {
      const logits = out.subarray(from, to);
      sigmoids(logits, to - from);
    }
  }

  private baselineScore(): number {
    const { baselineDense, baselineSparse } = this.bound;
    const batch = createBatch(this.encoder, 1);
    batch.dense.set(baselineDense);
    batch.sparse.set(baselineSparse);
    return this.onScale(batch, 1)[0];
  }

  /** Logits where scores are probabilities. */
  private onScale(batch: FeatureBatch, rows: number): Float64Array {
    const out = new Float64Array(rows);
    this.predict(batch, rows, out);
    return this.scale === 'probability' ? out.map(logit) : out;
  }

  /**
   * Differences from the baseline row, feature by feature, that sum exactly to the row's: the mean of two walks from the
   * baseline to the row, one that sets the features in the encoder's order and one in the reverse,
   *
   *   c_j = ½ [f(x_1..j, b_j+1..) - f(x_1..j-1, b_j..)] + ½ [f(b_1..j-1, x_j..) - f(b_1..j, x_j+1..)]
   *
   * which are the exact Shapley values of a model that has no interaction of more than two features (Shapley 1953; the pair
   * of opposite orders is antithetic sampling: Mitchell et al. 2022). Scores twice as many rows as the model reads features.
   * Features that the model does not read contribute 0.
   */
  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    const { denseNames, sparseNames, denseWidth, sparseWidth } = this.encoder;
    const { inputs, baselineDense, baselineSparse } = this.bound;
    const read = new Set<number>();
    for (const { kind, columns } of inputs) for (const c of columns) read.add(kind === 'dense' ? c : denseWidth + c);
    const features = [...read].sort((a, b) => a - b);
    const count = features.length;
    // Row k of the first half has the features before k from the row, of the second half those from k on.
    const walks = createBatch(this.encoder, 2 * (count + 1));
    for (let w = 0; w < walks.rows; w++) {
      walks.dense.set(baselineDense, w * denseWidth);
      walks.sparse.set(baselineSparse, w * sparseWidth);
      const k = w % (count + 1);
      for (let i = 0; i < count; i++) {
        if (w <= count ? i >= k : i < k) continue;
        const feature = features[i];
        if (feature < denseWidth) walks.dense[w * denseWidth + feature] = batch.dense[row * denseWidth + feature];
        else {
          const slot = feature - denseWidth;
          walks.sparse[w * sparseWidth + slot] = batch.sparse[row * sparseWidth + slot];
        }
      }
    }
    const scores = this.onScale(walks, walks.rows);
    const sums = new Float64Array(denseWidth + sparseWidth);
    features.forEach((feature, i) => {
      const forward = scores[i + 1] - scores[i];
      const backward = scores[count + 1 + i] - scores[count + 2 + i];
      sums[feature] = (forward + backward) / 2;
    });
    return [...denseNames, ...sparseNames].map((name, feature) => ({ name, contribution: sums[feature] }));
  }

  toEpoch(): EpochContent {
    return this.content;
  }

  /** The file, bound: it takes the encoder's columns and slots, and gives the score. */
  toOnnx(): Uint8Array {
    return exportForeign(this.encoder, this, this.content.arrays.bytes as Uint8Array, this.bound);
  }
}

/** Writes the rows [from, to) of an input, and the last of them again up to `fed` rows. */
function feed(input: BoundInput, batch: FeatureBatch, from: number, to: number, fed: number, value: Value): void {
  const { port, kind, columns, missing } = input;
  const width = columns.length;
  const data = value.shape(port.type as 'float', port.dims?.length === 1 ? [fed] : [fed, width]);
  const source = kind === 'dense' ? batch.dense : batch.sparse;
  const stride = kind === 'dense' ? batch.denseWidth : batch.sparseWidth;
  // Whole numbers are held as doubles: fractions are cut off here, as a cast in the exported file does.
  const whole = port.type === 'int64' || port.type === 'int32';
  for (let r = 0; r < fed; r++) {
    const at = Math.min(from + r, to - 1) * stride;
    for (let c = 0; c < width; c++) {
      const x = source[at + columns[c]];
      const known = Number.isNaN(x) ? missing : x;
      data[r * width + c] = whole ? Math.trunc(known) : known;
    }
  }
}
