/**
 * A wide-and-deep network in the kernels' memory: standardised columns, indicators of missing ones and embeddings of hashed
 * slots, through hidden layers of ReLU, to a logit to which each slot also adds a weight of its own.
 *
 *   x      = [clip((dense - mean) · inverse) | missing | e[slot_1] … e[slot_S]]
 *   h_l    = max(0, h_(l-1) W_l + b_l),  h_0 = x
 *   logit  = h_L · w + b + Σ_s wide[slot_s]
 *
 * 32-bit sums in a fixed order, plain SIMD: the same bits on every machine, and for a row wherever it stands.
 */
import { ShelfwiseError } from '../base/index.ts';
import { instantiateModule, type KernelInstance, type Region } from './module.ts';
import type { NetworkExports } from './network-exports.ts';

export interface NetworkShape {
  readonly denseWidth: number;
  /** Dense columns that have an indicator of being missing. */
  readonly indicators: number;
  readonly slots: number;
  /** Buckets that slots hold; 0 is a missing one. */
  readonly buckets: number;
  /** Floats of an embedding, a multiple of 4. */
  readonly embeddingSize: number;
  /** Rows of the table of embeddings; row 0 stays zeros. */
  readonly tableRows: number;
  /** Units of each hidden layer, at least one layer. */
  readonly hidden: readonly number[];
}

/** Rows that one pass of the kernels works on: their activations stay in the second-level cache. */
export const NETWORK_CHUNK_ROWS = 128;
/** Standardised columns are cut here, so that no value, however far out, is more than the network can bear. */
export const NETWORK_COLUMN_LIMIT = 10;
/** Columns of a projection at most. */
export const NETWORK_PROJECTION_COLUMNS = 64;

const BLOCK = 8;
const KEEP = 0;
const RELU = 1;

/** Where a layer's parameters stand in the region of parameters, in words; inputs and outputs padded to multiples of 4. */
export interface LayerPlace {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly bias: number;
}

/** What `Network.snapshot` copied, in the kernels' own layout. */
export interface NetworkSnapshot {
  readonly parameters: Float32Array;
  readonly table: Float32Array;
  readonly wide: Float32Array;
}

const padded = (count: number): number => Math.ceil(count / 4) * 4;
const aligned = (words: number): number => Math.ceil(words / 16) * 16;

interface Plan {
  readonly indicatorFrom: number;
  readonly embeddingFrom: number;
  readonly features: number;
  readonly layers: readonly LayerPlace[];
  readonly outputWidth: number;
  readonly outputWeights: number;
  readonly outputBias: number;
  readonly parameterWords: number;
}

function planOf(shape: NetworkShape): Plan {
  const indicatorFrom = padded(shape.denseWidth);
  const embeddingFrom = indicatorFrom + padded(shape.indicators);
  const features = Math.max(4, embeddingFrom + shape.slots * shape.embeddingSize);
  let words = 0;
  const take = (count: number): number => {
    const at = words;
    words += aligned(count);
    return at;
  };
  const layers: LayerPlace[] = [];
  let inputs = features;
  for (const units of shape.hidden) {
    const outputs = padded(units);
    layers.push({ inputs, outputs, weights: take(inputs * outputs), bias: take(outputs) });
    inputs = outputs;
  }
  const outputWeights = take(inputs);
  const outputBias = take(4);
  return {
    indicatorFrom,
    embeddingFrom,
    features,
    layers,
    outputWidth: inputs,
    outputWeights,
    outputBias,
    parameterWords: words,
  };
}

/**
 * A network that scores. Its parameters are live views of the kernels' memory, or read and set in their natural form:
 * weights of a layer are inputs x units, row-major, the inputs of the first being columns, indicators, embeddings.
 * Not re-entrant. `load`, `forward`, `project` work on at most `NETWORK_CHUNK_ROWS` rows.
 */
export class Network {
  readonly shape: NetworkShape;
  /** Means of the dense columns and what deviations from them are multiplied with. */
  readonly means: Float32Array;
  readonly inverses: Float32Array;
  /** The columns that have an indicator, in its order. */
  readonly indicatorColumns: Uint32Array;
  /** Row of the table by bucket; 0 for one without. */
  readonly rowOf: Uint32Array;
  /** tableRows x embeddingSize. */
  readonly table: Float32Array;
  /** The weight that a slot adds to the logit, by row of the table. */
  readonly wide: Float32Array;
  /** What `forward` wrote. */
  readonly logits: Float32Array;
  protected readonly plan: Plan;
  protected readonly exports: NetworkExports;
  protected readonly parameters: Region;
  protected readonly x: Region;
  protected readonly ids: Region;
  /** Of each hidden layer. */
  protected readonly activations: readonly Region[];
  /** Regions asked for by what extends this. */
  protected readonly extra: readonly Region[];
  protected readonly regions: Readonly<
    Record<
      | 'means'
      | 'inverses'
      | 'indicatorColumns'
      | 'rowOf'
      | 'table'
      | 'wide'
      | 'raw'
      | 'buckets'
      | 'logits'
      | 'projection'
      | 'projectionBias'
      | 'projected'
      | 'norms',
      Region
    >
  >;
  private projectionWidth = 0;

  constructor(shape: NetworkShape, extraWords: (plan: Plan) => readonly number[] = () => []) {
    if (shape.hidden.length === 0 || shape.embeddingSize % 4 !== 0) {
      throw new ShelfwiseError('BUG', 'a network has a hidden layer and embeddings of a multiple of 4 floats');
    }
    const plan = planOf(shape);
    const rows = NETWORK_CHUNK_ROWS;
    const projection = Math.max(NETWORK_PROJECTION_COLUMNS, padded(plan.outputWidth + 1));
    const instance: KernelInstance<NetworkExports> = instantiateModule<NetworkExports>('network', [
      padded(shape.denseWidth),
      padded(shape.denseWidth),
      shape.indicators,
      shape.slots === 0 ? 1 : shape.buckets,
      shape.tableRows * shape.embeddingSize,
      shape.tableRows,
      rows * shape.denseWidth + 4,
      rows * shape.slots,
      rows,
      plan.outputWidth * projection,
      projection,
      rows * projection,
      rows,
      plan.parameterWords,
      rows * plan.features,
      rows * shape.slots,
      ...plan.layers.map(({ outputs }) => rows * outputs),
      ...extraWords(plan),
    ]);
    const [means, inverses, indicatorColumns, rowOf, table, wide, raw, buckets, logits, ...rest] = instance.regions;
    const [projectionWeights, projectionBias, projected, norms, parameters, x, ids, ...last] = rest;
    this.shape = shape;
    this.plan = plan;
    this.exports = instance.exports;
    this.regions = {
      means,
      inverses,
      indicatorColumns,
      rowOf,
      table,
      wide,
      raw,
      buckets,
      logits,
      projection: projectionWeights,
      projectionBias,
      projected,
      norms,
    };
    this.parameters = parameters;
    this.x = x;
    this.ids = ids;
    this.activations = last.slice(0, plan.layers.length);
    this.extra = last.slice(plan.layers.length);
    this.means = means.f32.subarray(0, shape.denseWidth);
    this.inverses = inverses.f32.subarray(0, shape.denseWidth);
    this.indicatorColumns = indicatorColumns.u32;
    this.rowOf = rowOf.u32;
    this.table = table.f32;
    this.wide = wide.f32;
    this.logits = logits.f32;
  }

  /** Numbers that the first layer reads: columns, indicators, embeddings. */
  get inputWidth(): number {
    return this.shape.denseWidth + this.shape.indicators + this.shape.slots * this.shape.embeddingSize;
  }

  /** Units of the last hidden layer. */
  get lastWidth(): number {
    return this.shape.hidden[this.shape.hidden.length - 1];
  }

  get outputBias(): number {
    return this.parameters.f32[this.plan.outputBias];
  }
  set outputBias(bias: number) {
    this.parameters.f32[this.plan.outputBias] = bias;
  }

  /** A live view: one weight a unit of the last hidden layer. */
  get outputWeights(): Float32Array {
    return this.parameters.f32.subarray(this.plan.outputWeights, this.plan.outputWeights + this.lastWidth);
  }

  /** A live view of a hidden layer's biases. */
  biasOf(layer: number): Float32Array {
    const { bias } = this.plan.layers[layer];
    return this.parameters.f32.subarray(bias, bias + this.shape.hidden[layer]);
  }

  /** A copy of a hidden layer's weights: inputs x units, row-major. */
  weightsOf(layer: number): Float32Array {
    const units = this.shape.hidden[layer];
    const inputs = this.inputsOf(layer);
    const weights = new Float32Array(inputs * units);
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < units; n++) weights[k * units + n] = this.parameters.f32[this.placeOf(layer, k, n)];
    }
    return weights;
  }

  setWeights(layer: number, weights: Float32Array): void {
    const units = this.shape.hidden[layer];
    const inputs = this.inputsOf(layer);
    if (weights.length !== inputs * units) {
      throw new ShelfwiseError('BUG', `${weights.length} weights for a layer of ${inputs} x ${units}`);
    }
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < units; n++) this.parameters.f32[this.placeOf(layer, k, n)] = weights[k * units + n];
    }
  }

  protected inputsOf(layer: number): number {
    return layer === 0 ? this.inputWidth : this.shape.hidden[layer - 1];
  }

  /** Where the weight from input k to unit n stands among the parameters. */
  protected placeOf(layer: number, k: number, n: number): number {
    const { inputs, weights } = this.plan.layers[layer];
    const feature = layer === 0 ? this.featureOf(k) : k;
    return weights + (n >> 2) * inputs * 4 + feature * 4 + (n & 3);
  }

  private featureOf(input: number): number {
    const { denseWidth, indicators } = this.shape;
    if (input < denseWidth) return input;
    if (input < denseWidth + indicators) return this.plan.indicatorFrom + input - denseWidth;
    return this.plan.embeddingFrom + input - denseWidth - indicators;
  }

  /** Copies of all that learning changes. */
  snapshot(): NetworkSnapshot {
    return { parameters: this.parameters.f32.slice(), table: this.table.slice(), wide: this.wide.slice() };
  }

  restore({ parameters, table, wide }: NetworkSnapshot): void {
    this.parameters.f32.set(parameters);
    this.table.set(table);
    this.wide.set(wide);
  }

  /** Loads rows [from, from + rows) of dense columns and slots, both row-major. */
  load(dense: Float32Array, sparse: Uint32Array, from: number, rows: number): void {
    const { denseWidth, slots } = this.shape;
    if (denseWidth > 0) this.regions.raw.f32.set(dense.subarray(from * denseWidth, (from + rows) * denseWidth));
    if (slots > 0) this.regions.buckets.u32.set(sparse.subarray(from * slots, (from + rows) * slots));
    this.place(rows);
  }

  /** Loads the rows order[from .. from + rows). */
  loadChosen(dense: Float32Array, sparse: Uint32Array, order: Uint32Array, from: number, rows: number): void {
    const { denseWidth, slots } = this.shape;
    const raw = this.regions.raw.f32;
    const buckets = this.regions.buckets.u32;
    for (let i = 0; i < rows; i++) {
      const row = order[from + i];
      for (let j = 0, to = i * denseWidth, at = row * denseWidth; j < denseWidth; j++) raw[to + j] = dense[at + j];
      for (let s = 0, to = i * slots, at = row * slots; s < slots; s++) buckets[to + s] = sparse[at + s];
    }
    this.place(rows);
  }

  private place(rows: number): void {
    const { exports, plan, regions, x, ids } = this;
    const { denseWidth, indicators, slots, embeddingSize, buckets } = this.shape;
    const { features, indicatorFrom, embeddingFrom } = plan;
    const blocks = Math.ceil(rows / BLOCK);
    const raw = regions.raw.address;
    if (denseWidth > 0) {
      const { means, inverses } = regions;
      const limit = NETWORK_COLUMN_LIMIT;
      exports.placeColumns(raw, blocks, denseWidth, means.address, inverses.address, limit, x.address, plan.features);
    }
    if (indicators > 0) {
      const columns = regions.indicatorColumns.address;
      exports.placeMissing(raw, blocks, denseWidth, columns, indicators, x.address, features, indicatorFrom);
    }
    if (slots > 0) {
      exports.lookUp(regions.buckets.address, rows, blocks, slots, regions.rowOf.address, buckets, ids.address);
      const table = regions.table.address;
      exports.placeEmbeddings(ids.address, blocks, slots, table, embeddingSize, x.address, features, embeddingFrom);
    }
  }

  /** Writes the logits of the rows that were loaded. */
  forward(rows: number): void {
    const blocks = Math.ceil(rows / BLOCK);
    for (let layer = 0; layer < this.plan.layers.length; layer++) this.forwardLayer(layer, blocks);
    this.forwardOutput(blocks);
  }

  protected forwardLayer(layer: number, blocks: number): void {
    const { exports, activations, parameters } = this;
    const { inputs, outputs, weights, bias } = this.plan.layers[layer];
    exports.denseForward(
      this.inputOf(layer),
      blocks,
      inputs,
      outputs,
      parameters.address + 4 * weights,
      parameters.address + 4 * bias,
      activations[layer].address,
      RELU,
      0,
      1,
    );
  }

  protected inputOf(layer: number): number {
    return layer === 0 ? this.x.address : this.activations[layer - 1].address;
  }

  protected forwardOutput(blocks: number): void {
    const { exports, plan, regions, parameters, ids, activations } = this;
    exports.outputs(
      activations[activations.length - 1].address,
      blocks,
      plan.outputWidth,
      parameters.address + 4 * plan.outputWeights,
      this.outputBias,
      ids.address,
      this.shape.slots,
      regions.wide.address,
      regions.logits.address,
    );
  }

  /**
   * Sets the matrix of `project`: (lastWidth + 1) x columns, row-major, its last row being what is added to every product.
   */
  setProjection(matrix: Float32Array | Float64Array, columns: number): void {
    const { projection, projectionBias } = this.regions;
    const width = this.lastWidth;
    if (columns > projectionBias.f32.length) throw new ShelfwiseError('BUG', `a projection to ${columns} columns`);
    projection.f32.fill(0, 0, this.plan.outputWidth * padded(columns));
    projectionBias.f32.fill(0, 0, padded(columns));
    for (let n = 0; n < columns; n++) {
      const panel = (n >> 2) * this.plan.outputWidth * 4 + (n & 3);
      for (let k = 0; k < width; k++) projection.f32[panel + 4 * k] = matrix[k * columns + n];
      projectionBias.f32[n] = matrix[width * columns + n];
    }
    this.projectionWidth = padded(columns);
  }

  /**
   * [last hidden layer, 1] · matrix of the rows that `forward` worked on. Column n of row r of the result, a live view, stands
   * at `projectedAt(r, n)`.
   */
  project(rows: number): Float32Array {
    const { exports, plan, regions, activations, projectionWidth } = this;
    exports.denseForward(
      activations[activations.length - 1].address,
      Math.ceil(rows / BLOCK),
      plan.outputWidth,
      projectionWidth,
      regions.projection.address,
      regions.projectionBias.address,
      regions.projected.address,
      KEEP,
      0,
      1,
    );
    return regions.projected.f32;
  }

  projectedAt(row: number, column: number): number {
    return (row >> 3) * this.projectionWidth * BLOCK + column * BLOCK + (row & 7);
  }

  /** The squared lengths of what `project` wrote, one a row; a live view. */
  projectedNorms(rows: number): Float32Array {
    const { exports, regions, projectionWidth } = this;
    exports.squaredNorms(regions.projected.address, Math.ceil(rows / BLOCK), projectionWidth, regions.norms.address);
    return regions.norms.f32;
  }

  /** The value of unit k of the last hidden layer for row r of those that `forward` worked on. */
  lastUnit(row: number, unit: number): number {
    const last = this.activations[this.activations.length - 1].f32;
    return last[(row >> 3) * this.plan.outputWidth * BLOCK + unit * BLOCK + (row & 7)];
  }
}
