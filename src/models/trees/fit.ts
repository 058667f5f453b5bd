/**
 * Gradient boosting: trees that each correct what those before them left (Friedman 2001), by second-order steps over
 * histograms (Chen & Guestrin 2016; Ke et al. 2017).
 *
 *   margin_r = base + Σ_t η · tree_t(r);   leaf value = -Σ g / (Σ h + λ);   gradients g, h of the weighted loss at the margins
 */
import { type Rng, requireRange, requireWhole, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { createTreeScorer } from '../../kernels/index.ts';
import type { Examples, FitReport } from '../contract.ts';
import { checkRows, checkValidation } from '../examples.ts';
import { breathe } from '../pace.ts';
import { logit, logLossOf, sigmoid } from '../sigmoid.ts';
import { CUTS, QUANTILE_ROWS } from './bins.ts';
import { type Crew, startCrew } from './crew.ts';
import { noTrees, type TreeEnsemble } from './ensemble.ts';
import { type GrownNode, TreeGrower } from './grow.ts';
import { isRanking, requireQueries, scaleOf, type TreesFitOptions, type TreesOptions } from './options.ts';
import { groupByQuery, type QueryRows, rankingLoss } from './ranking.ts';
import { CHUNK, type Material, PHASE } from './tasks.ts';
import {
  blocksOf,
  CHUNK_NUMBERS,
  CHUNK_ROWS,
  openWorkspace,
  type RawRows,
  type Workspace,
  type WorkspaceShape,
} from './workspace.ts';

const OWNER = 'treesModel.fit';
const MOST_THREADS = 32;

/** Fits an ensemble; nothing outside is touched. Throws `EXAMPLES_INVALID`, `OPTION_INVALID`, `KERNEL_MEMORY`. */
export async function fitTrees(
  encoder: EncoderShape,
  examples: Examples,
  options: Readonly<TreesOptions>,
  given: TreesFitOptions,
): Promise<{ readonly trees: TreeEnsemble; readonly report: FitReport }> {
  const { validation, negativeRate = 1, threads = 1, signal } = given;
  signal?.throwIfAborted();
  requireRange(OWNER, 'negativeRate', negativeRate, 1e-6, 1);
  requireWhole(OWNER, 'threads', threads, 1, MOST_THREADS);
  if (negativeRate !== 1 && options.objective !== 'logLoss') {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${OWNER}: negativeRate corrects probabilities, not ${options.objective}`,
    );
  }
  const { total, labelled } = checkRows(encoder, examples);
  if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
  requireQueries(options.objective, examples, given.queries, 'queries');
  if (validation !== undefined) {
    checkValidation(encoder, validation);
    requireQueries(options.objective, validation, given.validationQueries, 'validationQueries');
  }

  const learnt = positiveRows(examples);
  const held = validation === undefined ? new Uint32Array(0) : positiveRows(validation);
  const fit = new BoostedFit(encoder, examples, learnt, validation, held, options, given);
  try {
    return await fit.run(baseOf(options, labelled / total), negativeRate);
  } finally {
    await fit.stop();
  }
}

function positiveRows({ weights, rows }: Examples): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, r) => r).filter((r) => weights[r] > 0);
}

/** The margin that all rows begin with: the best one, for what is no ranking. */
function baseOf({ objective }: TreesOptions, mean: number): number {
  if (objective === 'logLoss') return logit(Math.min(1 - 1e-6, Math.max(1e-6, mean)));
  return objective === 'squaredError' ? mean : 0;
}

class BoostedFit {
  private readonly encoder: EncoderShape;
  private readonly options: Readonly<TreesOptions>;
  private readonly given: TreesFitOptions;
  private readonly inputRows: number;
  private readonly workspace: Workspace;
  private readonly material: Material;
  private readonly crew: Crew;
  private readonly heldQueries: QueryRows | undefined;
  private readonly rng: Rng;
  private readonly heldWeight: number;

  constructor(
    encoder: EncoderShape,
    examples: Examples,
    learnt: Uint32Array,
    validation: Examples | undefined,
    held: Uint32Array,
    options: Readonly<TreesOptions>,
    given: TreesFitOptions,
  ) {
    this.encoder = encoder;
    this.options = options;
    this.given = given;
    this.inputRows = examples.rows;
    this.rng = given.rng;
    const { denseWidth, sparseWidth, buckets } = encoder;
    const all = learnt.length + held.length;
    const maxLeaves = Math.min(options.maxLeaves, 2 ** options.maxDepth, learnt.length + 1);
    const shape: WorkspaceShape = {
      rows: learnt.length,
      all,
      denseWidth,
      sparseWidth,
      buckets,
      maxLeaves,
      slots: Math.max(1, Math.min(maxLeaves, 2 ** (options.maxDepth - 1))),
      threads: given.threads ?? 1,
      maxBins: options.maxBins,
      maxCategories: options.maxCategories,
    };
    this.workspace = openWorkspace(shape);
    const dense = new Float32Array(new SharedArrayBuffer(4 * all * denseWidth));
    const sparse = new Uint32Array(new SharedArrayBuffer(4 * all * sparseWidth));
    const copy = (from: Examples, rows: Uint32Array, at: number): void => {
      copyRows(from.batch.dense, rows, denseWidth, dense, at);
      copyRows(from.batch.sparse, rows, sparseWidth, sparse, at);
      rows.forEach((row, i) => {
        this.workspace.labels[at + i] = from.labels[row];
        this.workspace.weights[at + i] = from.weights[row];
      });
    };
    copy(examples, learnt, 0);
    if (validation !== undefined) copy(validation, held, learnt.length);
    this.heldWeight = this.workspace.weights.subarray(learnt.length).reduce((sum, weight) => sum + weight, 0);
    const ranks = isRanking(options.objective);
    this.material = {
      raw: { dense, sparse, ...this.sampleColumns(dense) },
      objective: options.objective,
      truncation: options.truncation,
      queries: ranks && given.queries !== undefined ? groupByQuery(given.queries, learnt) : undefined,
      bounded: Object.keys(options.monotone).length > 0,
    };
    this.heldQueries =
      ranks && given.validationQueries !== undefined && held.length > 0
        ? groupByQuery(given.validationQueries, held, learnt.length)
        : undefined;
    this.crew = startCrew(this.workspace, shape, this.material);
  }

  stop(): Promise<void> {
    return this.crew.stop();
  }

  private sampleColumns(dense: Float32Array): Pick<RawRows, 'sampled' | 'sampledWeights'> {
    const { rows, denseWidth, weights } = this.workspace;
    const wanted = Math.min(rows, QUANTILE_ROWS);
    const sample = new Uint32Array(wanted);
    chooseRows(sample, wanted, rows, this.rng);
    const sampled = new Float32Array(new SharedArrayBuffer(4 * wanted * denseWidth));
    const sampledWeights = new Float32Array(new SharedArrayBuffer(4 * wanted));
    sample.forEach((row, i) => {
      sampledWeights[i] = weights[row];
      for (let j = 0; j < denseWidth; j++) sampled[j * wanted + i] = dense[row * denseWidth + j];
    });
    return { sampled, sampledWeights };
  }

  async run(base: number, negativeRate: number): Promise<{ trees: TreeEnsemble; report: FitReport }> {
    const { workspace, options, given, crew } = this;
    const { rows, all } = workspace;
    await crew.run(PHASE.cut, workspace.features);
    const used = this.chooseFeatures();
    await this.pause(0);
    await crew.run(PHASE.bin, used.length === 0 ? 0 : Math.ceil(all / CHUNK_ROWS));
    workspace.margins.fill(base);
    const blocks = blocksOf(used.length, all, workspace.binsAt);
    const grower = new TreeGrower(workspace, crew, blocks, options);
    const grown: (readonly GrownNode[])[] = [];
    const hasValidation = all > rows;
    let kept = 0;
    let best = hasValidation ? this.heldLoss(this.initialHeldLoss()) : 0;
    for (let round = 0; round < options.trees && used.length > 0; round++) {
      const [largestG, largestH] = await this.computeGradients();
      if (!(largestG > 0)) break;
      const sampled = this.sampleRows();
      this.sampleFeatures(used);
      const tree = await grower.grow(sampled, largestG, largestH);
      if (tree === undefined) {
        // Nothing is left to correct, unless other rows or features would find it.
        if (options.rowShare === 1 && options.featureShare === 1) break;
        continue;
      }
      grown.push(tree);
      const loss = await this.addTree(tree, sampled);
      if (!hasValidation || loss < best) {
        best = loss;
        kept = grown.length;
      }
      await this.pause((round + 1) / options.trees);
      if (hasValidation && grown.length - kept >= options.patience) break;
    }
    if (!hasValidation) kept = grown.length;
    const trees = this.assemble(grown.slice(0, kept), used, base);
    const logLoss = this.trainingLoss(trees, kept === grown.length);
    given.onProgress?.(1);
    return {
      trees: { ...trees, base: base + Math.log(negativeRate) },
      report: { rows: this.inputRows, passes: kept, logLoss, ...(hasValidation ? { validationLoss: best } : {}) },
    };
  }

  private async pause(share: number): Promise<void> {
    this.given.onProgress?.(share);
    await breathe();
    this.given.signal?.throwIfAborted();
  }

  /** Features of at least two bins; their numbers, in the encoder's order. */
  private chooseFeatures(): readonly number[] {
    const { workspace, encoder, options, material } = this;
    const { sampled, sampledWeights } = material.raw;
    const count = sampledWeights.length;
    const chosen: number[] = [];
    for (let feature = 0; feature < workspace.features; feature++) {
      const bins = workspace.binCounts[feature];
      const isSlot = feature >= encoder.denseWidth;
      const hasMissing = (): boolean => sampled.subarray(count * feature, count * (feature + 1)).some(Number.isNaN);
      if (bins === 0 || (bins === 1 && !isSlot && !hasMissing())) continue;
      workspace.about[4 * chosen.length] = bins;
      workspace.about[4 * chosen.length + 1] = isSlot ? 2 : 1;
      workspace.about[4 * chosen.length + 2] = isSlot ? 0 : (options.monotone[encoder.denseNames[feature]] ?? 0);
      chosen.push(feature);
      workspace.used[chosen.length] = feature;
    }
    workspace.used[0] = chosen.length;
    return chosen;
  }

  private async computeGradients(): Promise<readonly [number, number]> {
    const { workspace, material } = this;
    const chunks = material.queries?.chunks.length ?? Math.ceil(workspace.rows / CHUNK_ROWS) + 1;
    await this.crew.run(PHASE.gradients, chunks - 1);
    let largestG = 0;
    let largestH = 0;
    for (let chunk = 0; chunk + 1 < chunks; chunk++) {
      largestG = Math.max(largestG, workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.largestG]);
      largestH = Math.max(largestH, workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.largestH]);
    }
    return [largestG, largestH];
  }

  /** Writes the rows of the next tree to order 0, unless they are all; returns how many. */
  private sampleRows(): number {
    const { rows, order } = this.workspace;
    const wanted = Math.max(1, Math.round(this.options.rowShare * rows));
    if (wanted < rows) chooseRows(order[0], wanted, rows, this.rng);
    return wanted;
  }

  private sampleFeatures(used: readonly number[]): void {
    const wanted = Math.max(1, Math.round(this.options.featureShare * used.length));
    if (wanted === used.length) return;
    const chosen = new Uint32Array(wanted);
    chooseRows(chosen, wanted, used.length, this.rng);
    const { about } = this.workspace;
    for (let k = 0; k < used.length; k++) about[4 * k + 1] = 0;
    for (const k of chosen) about[4 * k + 1] = used[k] >= this.encoder.denseWidth ? 2 : 1;
  }

  /** Adds the tree to the margins; returns the loss of the validation rows. */
  private async addTree(tree: readonly GrownNode[], sampled: number): Promise<number> {
    const { workspace, crew } = this;
    const { rows, all } = workspace;
    const leaves = (tree.length + 1) / 2;
    const isWhole = sampled === rows;
    if (isWhole) await crew.run(PHASE.update, leaves);
    const first = isWhole ? rows : 0;
    const chunks = Math.ceil((all - first) / CHUNK_ROWS);
    if (chunks === 0) return 0;
    await crew.run(PHASE.route, chunks, first);
    let loss = 0;
    for (let chunk = 0; chunk < chunks; chunk++) loss += workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.loss];
    return this.heldLoss(loss);
  }

  /** Mean loss of the validation rows, given the weighted sum where the objective is no ranking. */
  private heldLoss(sum: number): number {
    const { options, workspace } = this;
    if (this.heldQueries === undefined) return sum / this.heldWeight;
    return rankingLoss(this.heldQueries, workspace, options.objective, options.truncation);
  }

  private initialHeldLoss(): number {
    const { rows, all } = this.workspace;
    return isRanking(this.options.objective) ? 0 : this.lossOf(this.workspace.margins, rows, all);
  }

  /** Weighted sum of the loss of rows [from, to). */
  private lossOf(margins: Float64Array, from: number, to: number): number {
    const { labels, weights } = this.workspace;
    let loss = 0;
    for (let r = from; r < to; r++) {
      loss +=
        this.options.objective === 'logLoss'
          ? weights[r] * logLossOf(sigmoid(margins[r]), labels[r])
          : weights[r] * (margins[r] - labels[r]) ** 2;
    }
    return loss;
  }

  private trainingLoss(trees: TreeEnsemble, marginsAreTheirs: boolean): number {
    const { workspace, material, options } = this;
    const { rows, margins, weights } = workspace;
    if (!marginsAreTheirs) {
      const { dense, sparse } = material.raw;
      createTreeScorer(trees).score(dense, sparse, rows, trees.base, margins);
    }
    if (material.queries !== undefined) {
      return rankingLoss(material.queries, workspace, options.objective, options.truncation);
    }
    return this.lossOf(margins, 0, rows) / weights.subarray(0, rows).reduce((sum, weight) => sum + weight, 0);
  }

  /** The trees by the encoder's features, with thresholds and buckets for bins. */
  private assemble(grown: readonly (readonly GrownNode[])[], used: readonly number[], base: number): TreeEnsemble {
    const { workspace, encoder, options } = this;
    const { denseWidth, sparseWidth } = encoder;
    const nodes = grown.flat();
    const sets = nodes.flatMap(({ set }) => (set === undefined ? [] : [set]));
    const asked = new Set(nodes.filter(({ feature }) => feature >= 0).map(({ feature }) => used[feature]));
    const starts = new Uint32Array(grown.length + 1);
    grown.forEach((tree, t) => {
      starts[t + 1] = starts[t] + tree.length;
    });
    const kept = Array.from({ length: sparseWidth }, (_, slot) => {
      const count = asked.has(denseWidth + slot) ? workspace.binCounts[denseWidth + slot] : 0;
      return Array.from(workspace.kept.subarray(CUTS * slot, CUTS * slot + count));
    });
    const bucketStarts = new Uint32Array(sparseWidth + 1);
    kept.forEach((buckets, slot) => {
      bucketStarts[slot + 1] = bucketStarts[slot] + buckets.length;
    });
    let nextSet = 0;
    return {
      ...noTrees(encoder, scaleOf(options.objective), base),
      starts,
      features: Int32Array.from(nodes, ({ feature }) => (feature < 0 ? -1 : used[feature])),
      thresholds: Float32Array.from(nodes, ({ feature, bin }) =>
        bin === 0 ? 0 : this.thresholdOf(used[feature], bin),
      ),
      left: Uint32Array.from(nodes, ({ left }) => left),
      missingLeft: Uint8Array.from(nodes, ({ missingLeft }) => (missingLeft ? 1 : 0)),
      values: Float32Array.from(nodes, ({ value }) => value),
      setOf: Int32Array.from(nodes, ({ set }) => (set === undefined ? -1 : nextSet++)),
      sets: Uint32Array.from(sets.flatMap((set) => Array.from(set))),
      covers: Float32Array.from(nodes, ({ cover }) => cover),
      gains: Float32Array.from(nodes, ({ gain }) => gain),
      bucketStarts,
      buckets: Uint32Array.from(kept.flat()),
    };
  }

  /** Above the last cut lie all known values: only the missing are parted off. */
  private thresholdOf(feature: number, bin: number): number {
    const cut = this.workspace.cuts[CUTS * feature + bin - 1];
    return Number.isFinite(cut) ? cut : LARGEST_FLOAT;
  }
}

const LARGEST_FLOAT = Math.fround(3.4028234663852886e38);

/** Writes `wanted` of the numbers below `count`, ascending, each set of them equally likely (Knuth's algorithm S). */
function chooseRows(out: Uint32Array, wanted: number, count: number, rng: Rng): void {
  let chosen = 0;
  for (let r = 0; chosen < wanted; r++) {
    if (wanted - chosen === count - r || rng.uniform() * (count - r) < wanted - chosen) out[chosen++] = r;
  }
}

function copyRows(
  source: Float32Array | Uint32Array,
  rows: Uint32Array,
  width: number,
  target: Float32Array | Uint32Array,
  firstRow: number,
): void {
  const isWhole = rows.length > 0 && rows[rows.length - 1] === rows.length - 1;
  if (isWhole) {
    target.set(source.subarray(0, rows.length * width), firstRow * width);
    return;
  }
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * width;
    const to = (firstRow + i) * width;
    for (let k = 0; k < width; k++) target[to + k] = source[from + k];
  }
}
