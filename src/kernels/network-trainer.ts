/** A network that learns: gradients by backpropagation, dropout, AdamW (lazy for the table of embeddings). */
import { mix32, ShelfwiseError } from '../base/index.ts';
import type { Region } from './module.ts';
import { NETWORK_CHUNK_ROWS, Network, type NetworkShape } from './network.ts';

const BLOCK = 8;
const KEEP = 0;
const MASK = 2;

export interface AdamRates {
  /** Step size. */
  readonly rate: number;
  /** @see adamStep */
  readonly epsilon: number;
  /** Share of a weight that a step takes away, as a multiple of the rate; biases keep theirs (decoupled: AdamW). */
  readonly decay: number;
}

/** The first and second moments of Adam and how many steps there were: live views of the kernels' memory. */
export interface Moments {
  steps: number;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly tableM: Float32Array;
  readonly tableV: Float32Array;
  readonly wideM: Float32Array;
  readonly wideV: Float32Array;
}

/**
 * `forwardLearning`, then errors[r] = d loss / d logit of each row, then `backward`; as often as the rows of a step need it;
 * then `step`. Rows of one step: at most `stepRows`.
 */
export class NetworkTrainer extends Network {
  /** d loss / d logit by row of the chunk: to be written before `backward`. */
  readonly errors: Float32Array;
  readonly moments: Moments;
  private readonly deltas: readonly Region[];
  private readonly dx: Region;
  private readonly transposed: Region;
  private readonly gradients: Region;
  private readonly m: Region;
  private readonly v: Region;
  private readonly errorRegion: Region;
  private readonly marks: Region;
  private readonly list: Region;
  private readonly rowGradients: Region;
  private readonly wideGradients: Region;
  private readonly tableMoments: readonly Region[];
  private readonly gram: Region;
  private listed = 0;
  private keptScale = 1;

  constructor(shape: NetworkShape, stepRows: number) {
    const entries = stepRows * shape.slots;
    super(shape, (plan) => [
      plan.parameterWords,
      plan.parameterWords,
      plan.parameterWords,
      NETWORK_CHUNK_ROWS,
      NETWORK_CHUNK_ROWS * shape.slots * shape.embeddingSize,
      Math.max(
        plan.layers[0].outputs * shape.slots * shape.embeddingSize,
        ...plan.layers.slice(1).map(({ inputs, outputs }) => inputs * outputs),
      ),
      shape.tableRows,
      entries,
      entries * shape.embeddingSize,
      entries,
      shape.tableRows * shape.embeddingSize,
      shape.tableRows * shape.embeddingSize,
      shape.tableRows,
      shape.tableRows,
      plan.outputWidth * (plan.outputWidth + 1),
      ...plan.layers.map(({ outputs }) => NETWORK_CHUNK_ROWS * outputs),
    ]);
    const [gradients, m, v, errors, dx, transposed, marks, list, rowGradients, wideGradients, ...rest] = this.extra;
    const [tableM, tableV, wideM, wideV, gram, ...deltas] = rest;
    this.gradients = gradients;
    this.m = m;
    this.v = v;
    this.errorRegion = errors;
    this.errors = errors.f32;
    this.dx = dx;
    this.transposed = transposed;
    this.marks = marks;
    this.list = list;
    this.rowGradients = rowGradients;
    this.wideGradients = wideGradients;
    this.tableMoments = [tableM, tableV, wideM, wideV];
    this.gram = gram;
    this.deltas = deltas;
    this.moments = {
      steps: 0,
      m: m.f32,
      v: v.f32,
      tableM: tableM.f32,
      tableV: tableV.f32,
      wideM: wideM.f32,
      wideV: wideV.f32,
    };
  }

  /** As `forward`, with each hidden activation dropped with probability `dropout` (inverted dropout), by the seed. */
  forwardLearning(rows: number, dropout: number, seed: number): void {
    if (dropout === 0) {
      this.keptScale = 1;
      this.forward(rows);
      return;
    }
    const blocks = Math.ceil(rows / BLOCK);
    const { layers } = this.plan;
    this.keptScale = Math.fround(1 / (1 - dropout));
    const threshold = Math.round(dropout * 2 ** 31);
    for (let layer = 0; layer < layers.length; layer++) {
      this.forwardLayer(layer, blocks);
      const count = blocks * BLOCK * layers[layer].outputs;
      const { address } = this.activations[layer];
      this.exports.dropOut(address, count, mix32(seed + layer), threshold, this.keptScale);
    }
    this.forwardOutput(blocks);
  }

  /** Adds the gradients of the rows that `forwardLearning` worked on, by their errors. */
  backward(rows: number): void {
    const { exports, plan, parameters, gradients, errors, deltas, activations, keptScale } = this;
    const { layers, outputWidth, outputWeights, outputBias } = plan;
    const blocks = Math.ceil(rows / BLOCK);
    errors.fill(0, rows, blocks * BLOCK);
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += errors[r];
    gradients.f32[outputBias] += sum;
    const last = layers.length - 1;
    exports.outputGradients(
      activations[last].address,
      blocks,
      outputWidth,
      parameters.address + 4 * outputWeights,
      this.errorRegion.address,
      keptScale,
      deltas[last].address,
      gradients.address + 4 * outputWeights,
    );
    for (let layer = last; layer >= 0; layer--) {
      const { inputs, outputs, weights, bias } = layers[layer];
      exports.denseGradients(
        this.inputOf(layer),
        blocks,
        inputs,
        deltas[layer].address,
        outputs,
        gradients.address + 4 * weights,
        gradients.address + 4 * bias,
      );
      if (layer > 0) this.backThrough(layer, blocks, 0, deltas[layer - 1].address, activations[layer - 1].address);
    }
    const { slots, embeddingSize } = this.shape;
    if (slots === 0) return;
    this.backThrough(0, blocks, plan.embeddingFrom, this.dx.address, 0);
    if (this.listed + rows * slots > this.list.u32.length) throw new ShelfwiseError('BUG', 'more rows than a step has');
    this.listed = exports.gatherGradients(
      this.ids.address,
      rows,
      slots,
      this.dx.address,
      embeddingSize,
      this.errorRegion.address,
      this.marks.address,
      this.list.address,
      this.listed,
      this.rowGradients.address,
      this.wideGradients.address,
    );
  }

  /** d loss / d input of a layer, from input `first` on; where `activations` is given, through the ReLU that made them. */
  private backThrough(layer: number, blocks: number, first: number, target: number, activations: number): void {
    const { exports, parameters, transposed } = this;
    const { inputs, outputs, weights } = this.plan.layers[layer];
    exports.transposePanels(parameters.address + 4 * weights, inputs, outputs, first, transposed.address);
    exports.denseForward(
      this.deltas[layer].address,
      blocks,
      outputs,
      inputs - first,
      transposed.address,
      0,
      target,
      activations === 0 ? KEEP : MASK,
      activations,
      this.keptScale,
    );
  }

  /** One step of AdamW by the gradients that were added since the last one, which are cleared. */
  step({ rate, epsilon, decay }: AdamRates): void {
    const { exports, plan, moments, parameters, gradients, m, v } = this;
    moments.steps++;
    const step = rate / (1 - 0.9 ** moments.steps);
    const root = 1 / Math.sqrt(1 - 0.999 ** moments.steps);
    const move = (at: number, count: number, share: number): void => {
      const offset = 4 * at;
      exports.adamStep(
        parameters.address + offset,
        gradients.address + offset,
        m.address + offset,
        v.address + offset,
        count,
        step,
        root,
        epsilon,
        rate * share,
      );
    };
    for (const { inputs, outputs, weights, bias } of plan.layers) {
      move(weights, inputs * outputs, decay);
      move(bias, outputs, 0);
    }
    move(plan.outputWeights, plan.outputWidth, decay);
    move(plan.outputBias, 4, 0);
    if (this.listed === 0) return;
    const [tableM, tableV, wideM, wideV] = this.tableMoments;
    exports.adamRows(
      this.list.address,
      this.listed,
      this.marks.address,
      this.shape.embeddingSize,
      this.regions.table.address,
      tableM.address,
      tableV.address,
      this.rowGradients.address,
      this.regions.wide.address,
      wideM.address,
      wideV.address,
      this.wideGradients.address,
      step,
      root,
      epsilon,
      rate * decay,
    );
    this.listed = 0;
  }

  /** The gradient of a hidden layer's weights so far: inputs x units, row-major. For checks of the kernels. */
  gradientOf(layer: number): Float32Array {
    const units = this.shape.hidden[layer];
    const inputs = this.inputsOf(layer);
    const gradient = new Float32Array(inputs * units);
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < units; n++) gradient[k * units + n] = this.gradients.f32[this.placeOf(layer, k, n)];
    }
    return gradient;
  }

  /** Likewise of its biases, and of the output's weights and bias (`layer` = number of hidden layers). */
  biasGradientOf(layer: number): Float32Array {
    const { layers, outputWeights, outputBias } = this.plan;
    if (layer < layers.length) {
      return this.gradients.f32.slice(layers[layer].bias, layers[layer].bias + this.shape.hidden[layer]);
    }
    const weights = this.gradients.f32.subarray(outputWeights, outputWeights + this.lastWidth);
    return Float32Array.of(...weights, this.gradients.f32[outputBias]);
  }

  /** Likewise of a row of the table: its embedding, then its wide weight; zeros where it was not touched. */
  rowGradientOf(id: number): Float32Array {
    const size = this.shape.embeddingSize;
    const place = this.marks.u32[id];
    if (place === 0) return new Float32Array(size + 1);
    const embedding = this.rowGradients.f32.subarray((place - 1) * size, place * size);
    return Float32Array.of(...embedding, this.wideGradients.f32[place - 1]);
  }

  /** Clears what `addGram` added up. */
  clearGram(): void {
    this.gram.f32.fill(0);
  }

  /**
   * Adds Σ_r errors[r] h_r [h_r, 1]ᵀ over the rows that `forward` worked on, h being their last hidden layer: what `gramAt`
   * reads. In 32 bits: read it and clear it before many thousand rows are in.
   */
  addGram(rows: number): void {
    const { exports, plan, errors, deltas, activations, gram } = this;
    const last = activations.length - 1;
    const width = plan.outputWidth;
    const blocks = Math.ceil(rows / BLOCK);
    errors.fill(0, rows, blocks * BLOCK);
    const scaled = deltas[last].address;
    exports.scaleRows(activations[last].address, blocks, width, this.errorRegion.address, scaled);
    const sums = gram.address + 4 * width * width;
    exports.denseGradients(activations[last].address, blocks, width, scaled, width, gram.address, sums);
  }

  /** Entry (i, j) of the sum; j = lastWidth is the column of ones. */
  gramAt(i: number, j: number): number {
    const width = this.plan.outputWidth;
    if (j === this.lastWidth) return this.gram.f32[width * width + i];
    return this.gram.f32[(j >> 2) * width * 4 + i * 4 + (j & 3)];
  }
}
