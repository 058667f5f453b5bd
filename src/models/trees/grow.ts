/** One tree, grown leaf by leaf from the gradients of its rows. */
import type { Crew } from './crew.ts';
import type { TreesOptions } from './options.ts';
import { CHUNK, ITEM, PART, PHASE, SCALE, SIDE, splitIndex } from './tasks.ts';
import {
  type Block,
  CHUNK_NUMBERS,
  CHUNK_ROWS,
  ITEM_NUMBERS,
  ITEM_WORDS,
  NODE_WORDS,
  SPLIT_WORDS,
  TABLE_BYTES,
  type Workspace,
} from './workspace.ts';

/** A node as it was grown. */
export interface GrownNode {
  /** Number among the used features, -1 at a leaf. */
  feature: number;
  /** Bins 1 to this go left; 0 where the split is by category. */
  bin: number;
  missingLeft: boolean;
  /** Left child; the right one follows it. 0 at a leaf. */
  left: number;
  /** What the leaf adds to the margin, float32. */
  value: number;
  /** Sum of hessians. */
  readonly cover: number;
  /** Of the split, in units of twice the loss. */
  gain: number;
  /** Categories that go left, 8 words. */
  set: Uint32Array | undefined;
}

/** A leaf while the tree grows: its rows, sums (whole numbers) and bounds. */
interface Leaf {
  readonly node: number;
  readonly from: number;
  readonly to: number;
  readonly parity: number;
  readonly depth: number;
  readonly g: number;
  readonly h: number;
  /** Of its weight, before the learning rate. */
  readonly lower: number;
  readonly upper: number;
  /** Its histograms; -1 where it will not be split. */
  slot: number;
  split: Split | undefined;
}

interface Split {
  readonly gain: number;
  readonly g: number;
  readonly h: number;
  readonly feature: number;
  readonly bin: number;
  readonly missing: number;
  readonly set: Uint32Array;
}

const NO_FEATURE = -1;
const MISSING_LEFT = 1;
const NOTHING_MISSING = 2;
/** A gain that is less than this share of the scores it is the difference of is rounding. */
const ROUNDING = 1e-12;
/** Bits of the largest gradient as a whole number, at most. */
const MOST_BITS = 30;
/** Whole numbers below 2^53 are exact in a double; one bit to spare. */
const SUM_BITS = 52;

export class TreeGrower {
  private readonly workspace: Workspace;
  private readonly crew: Crew;
  private readonly blocks: readonly Block[];
  private readonly options: Readonly<TreesOptions>;
  /** Splitting a leaf can never take from another's turn: all are split at once. */
  private readonly levelwise: boolean;
  private nodes: GrownNode[] = [];
  private leaves: (Leaf | undefined)[] = [];
  private freeSlots: number[] = [];
  private gScale = 1;
  private hScale = 1;

  constructor(workspace: Workspace, crew: Crew, blocks: readonly Block[], options: Readonly<TreesOptions>) {
    this.workspace = workspace;
    this.crew = crew;
    this.blocks = blocks;
    this.options = options;
    this.levelwise = workspace.maxLeaves >= 2 ** options.maxDepth || workspace.maxLeaves >= workspace.rows;
  }

  /**
   * Grows a tree from the first `rows` rows of order 0 and their gradients, of which `largestG` and `largestH` are the
   * largest. The workspace then holds it, for `update` or `route`. A tree of one node is none: undefined.
   */
  async grow(rows: number, largestG: number, largestH: number): Promise<readonly GrownNode[] | undefined> {
    const { workspace, options } = this;
    this.setScales(rows, largestG, largestH);
    await this.crew.run(PHASE.quantise, Math.ceil(rows / CHUNK_ROWS), rows);
    let g = 0;
    let h = 0;
    for (let chunk = 0; chunk * CHUNK_ROWS < rows; chunk++) {
      g += workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.sumG];
      h += workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.sumH];
    }
    this.nodes = [];
    this.leaves = [];
    this.freeSlots = Array.from({ length: workspace.slots }, (_, i) => workspace.slots - 1 - i);
    const root = this.addLeaf({
      from: 0,
      to: rows,
      parity: 0,
      depth: 0,
      g,
      h,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
    });
    root.slot = this.takeSlot();
    this.writeItem(0, root, undefined, root.slot, -1, true, false);
    await this.crew.run(PHASE.histograms, this.blocks.length);
    this.adoptSplit(root, 0, 0);
    let open = root.split === undefined ? [] : [root];
    let leafCount = 1;
    while (open.length > 0 && leafCount < options.maxLeaves) {
      const batch = this.levelwise ? open : [bestOf(open)];
      leafCount += batch.length;
      const more = await this.split(batch, leafCount < options.maxLeaves);
      open = this.levelwise ? more : [...open.filter((leaf) => leaf !== batch[0]), ...more];
    }
    if (this.nodes.length === 1) return undefined;
    this.finish();
    return this.nodes;
  }

  private setScales(rows: number, largestG: number, largestH: number): void {
    const { workspace, options } = this;
    const bits = Math.min(MOST_BITS, SUM_BITS - Math.ceil(Math.log2(rows)));
    this.gScale = scaleFor(largestG, bits);
    this.hScale = scaleFor(largestH, bits);
    const { parameters } = workspace;
    parameters[0] = options.lambda * this.hScale;
    // A leaf without any hessian would have no weight.
    parameters[1] = Math.max(1, options.minChildWeight * this.hScale);
    parameters[2] = options.categorySmoothing * this.hScale;
    parameters[3] = options.categoryLambda * this.hScale;
    parameters[4] = 0;
    parameters[5] = options.maxCategoriesASide;
    parameters[SCALE.g] = this.gScale;
    parameters[SCALE.h] = this.hScale;
  }

  private takeSlot(): number {
    return this.freeSlots.pop() ?? -1;
  }

  private addLeaf(about: Omit<Leaf, 'node' | 'slot' | 'split'>): Leaf {
    const leaf: Leaf = { ...about, node: this.nodes.length, slot: -1, split: undefined };
    this.nodes.push({
      feature: NO_FEATURE,
      bin: 0,
      missingLeft: false,
      left: 0,
      value: 0,
      cover: leaf.h / this.hScale,
      gain: 0,
      set: undefined,
    });
    this.leaves.push(leaf);
    return leaf;
  }

  /** -G / (H + λ) within the bounds. */
  private weightOf({ g, h, lower, upper }: Pick<Leaf, 'g' | 'h' | 'lower' | 'upper'>): number {
    const weight = -(g / this.gScale) / (h / this.hScale + this.options.lambda);
    return Math.max(lower, Math.min(upper, weight));
  }

  private writeItem(
    item: number,
    small: Leaf,
    large: Leaf | undefined,
    smallSlot: number,
    largeSlot: number,
    wantSmall: boolean,
    wantLarge: boolean,
  ): void {
    const { items, itemNumbers } = this.workspace;
    const at = ITEM_WORDS * item;
    items[at + ITEM.from] = small.from;
    items[at + ITEM.to] = small.to;
    items[at + ITEM.parity] = small.parity;
    items[at + ITEM.small] = smallSlot;
    items[at + ITEM.large] = largeSlot;
    items[at + ITEM.wantSmall] = wantSmall ? 1 : 0;
    items[at + ITEM.wantLarge] = wantLarge ? 1 : 0;
    const ratio = this.gScale / this.hScale;
    [small, large].forEach((leaf, side) => {
      if (leaf === undefined) return;
      const numbers = ITEM_NUMBERS * item + 4 * side;
      itemNumbers[numbers + SIDE.g] = leaf.g;
      itemNumbers[numbers + SIDE.h] = leaf.h;
      itemNumbers[numbers + SIDE.lower] = leaf.lower * ratio;
      itemNumbers[numbers + SIDE.upper] = leaf.upper * ratio;
    });
  }

  /** Reads what the tasks found for one node; gives its histograms back where it will not be split. */
  private adoptSplit(leaf: Leaf, item: number, side: number): void {
    const { workspace, options } = this;
    let best = -1;
    let gain = 0;
    for (let block = 0; block < this.blocks.length; block++) {
      const index = splitIndex(workspace, item, side, block);
      const found = workspace.splitNumbers[(SPLIT_WORDS / 2) * index];
      if (workspace.splits[SPLIT_WORDS * index + 6] !== NO_FEATURE && found > gain) {
        best = index;
        gain = found;
      }
    }
    const real = (gain * this.hScale) / (this.gScale * this.gScale);
    const parentScore = (leaf.g * leaf.g) / (leaf.h + options.lambda * this.hScale);
    if (best < 0 || real <= options.gamma || gain <= ROUNDING * (gain + 2 * parentScore)) {
      this.freeSlots.push(leaf.slot);
      leaf.slot = -1;
      return;
    }
    const words = SPLIT_WORDS * best;
    leaf.split = {
      gain: real,
      g: workspace.splitNumbers[words / 2 + 1],
      h: workspace.splitNumbers[words / 2 + 2],
      feature: workspace.splits[words + 6],
      bin: workspace.splits[words + 7],
      missing: workspace.splits[words + 8],
      set: Uint32Array.from(workspace.splits.subarray(words + 10, words + 18)),
    };
  }

  /** Splits leaves; returns those of their children that can be split further. */
  private async split(batch: readonly Leaf[], mayGrow: boolean): Promise<Leaf[]> {
    const { workspace, options } = this;
    const { items } = workspace;
    batch.forEach((leaf, item) => {
      this.writeTable(leaf);
      const at = ITEM_WORDS * item;
      items[at + PART.from] = leaf.from;
      items[at + PART.to] = leaf.to;
      items[at + PART.parity] = leaf.parity;
      items[at + PART.feature] = leaf.split?.feature ?? 0;
      items[at + PART.node] = leaf.node;
    });
    await this.crew.run(PHASE.part, batch.length);
    const middles = batch.map((_, item) => items[ITEM_WORDS * item + PART.split]);
    const pairs = batch.map((leaf, item) => this.addChildren(leaf, middles[item]));
    const growing: { small: Leaf; large: Leaf; wantSmall: boolean; wantLarge: boolean }[] = [];
    const wanted = (leaf: Leaf): boolean =>
      mayGrow &&
      leaf.depth < options.maxDepth &&
      leaf.to - leaf.from > 1 &&
      leaf.h >= 2 * Math.max(1, options.minChildWeight * this.hScale);
    pairs.forEach(([left, right], item) => {
      const isLeftSmall = left.to - left.from <= right.to - right.from;
      const small = isLeftSmall ? left : right;
      const large = isLeftSmall ? right : left;
      const wantSmall = wanted(small);
      const wantLarge = wanted(large);
      const { slot } = batch[item];
      if (!wantSmall && !wantLarge) {
        this.freeSlots.push(slot);
        return;
      }
      large.slot = slot;
      small.slot = this.takeSlot();
      this.writeItem(growing.length, small, large, small.slot, slot, wantSmall, wantLarge);
      growing.push({ small, large, wantSmall, wantLarge });
    });
    await this.crew.run(PHASE.histograms, growing.length * this.blocks.length);
    const open: Leaf[] = [];
    growing.forEach(({ small, large, wantSmall, wantLarge }, item) => {
      for (const [leaf, want, side] of [
        [small, wantSmall, 0],
        [large, wantLarge, 1],
      ] as const) {
        if (want) this.adoptSplit(leaf, item, side);
        else this.freeSlots.push(leaf.slot);
        if (leaf.split !== undefined) open.push(leaf);
      }
    });
    return open;
  }

  private writeTable({ node, split }: Leaf): void {
    if (split === undefined) return;
    const table = this.workspace.tables.subarray(TABLE_BYTES * node, TABLE_BYTES * (node + 1));
    if (split.bin === 0) {
      for (let bin = 0; bin < TABLE_BYTES; bin++) table[bin] = (split.set[bin >> 5] >>> (bin & 31)) & 1;
      return;
    }
    table.fill(0);
    table.fill(1, 1, split.bin + 1);
    table[0] = isMissingLeft(this.leaves[node] as Leaf, split) ? 1 : 0;
  }

  private addChildren(leaf: Leaf, middle: number): readonly [Leaf, Leaf] {
    const split = leaf.split as Split;
    const { from, to, node } = leaf;
    const parity = 1 - leaf.parity;
    const depth = leaf.depth + 1;
    const leftSums = { g: split.g, h: split.h };
    const rightSums = { g: leaf.g - split.g, h: leaf.h - split.h };
    const { lower, upper } = leaf;
    let bounds = [lower, upper, lower, upper];
    const monotone = this.workspace.about[4 * split.feature + 2];
    if (monotone !== 0) {
      const middleWeight =
        (this.weightOf({ ...leftSums, lower, upper }) + this.weightOf({ ...rightSums, lower, upper })) / 2;
      bounds = monotone > 0 ? [lower, middleWeight, middleWeight, upper] : [middleWeight, upper, lower, middleWeight];
    }
    const grown = this.nodes[node];
    grown.feature = split.feature;
    grown.bin = split.bin;
    grown.missingLeft = this.workspace.tables[TABLE_BYTES * node] === 1;
    grown.left = this.nodes.length;
    grown.gain = split.gain;
    grown.set = split.bin === 0 ? split.set : undefined;
    this.leaves[node] = undefined;
    return [
      this.addLeaf({ from, to: middle, parity, depth, ...leftSums, lower: bounds[0], upper: bounds[1] }),
      this.addLeaf({ from: middle, to, parity, depth, ...rightSums, lower: bounds[2], upper: bounds[3] }),
    ];
  }

  /** Values of the leaves, and what `update` and `route` go by. */
  private finish(): void {
    const { workspace, options } = this;
    let item = 0;
    this.nodes.forEach((node, n) => {
      const leaf = this.leaves[n];
      workspace.nodes[NODE_WORDS * n] = node.feature;
      workspace.nodes[NODE_WORDS * n + 1] = node.left;
      if (leaf === undefined) return;
      node.value = Math.fround(options.learningRate * this.weightOf(leaf));
      workspace.nodeValues[n] = node.value;
      workspace.items[ITEM_WORDS * item + ITEM.from] = leaf.from;
      workspace.items[ITEM_WORDS * item + ITEM.to] = leaf.to;
      workspace.items[ITEM_WORDS * item + ITEM.parity] = leaf.parity;
      workspace.itemNumbers[ITEM_NUMBERS * item] = node.value;
      item++;
    });
  }
}

/** Where nothing was missing, the missing go with most. */
function isMissingLeft(leaf: Leaf, split: Split): boolean {
  if (split.missing === NOTHING_MISSING) return 2 * split.h >= leaf.h;
  return split.missing === MISSING_LEFT;
}

/** The largest gain; of equals the first. */
function bestOf(open: readonly Leaf[]): Leaf {
  return open.reduce((best, leaf) => ((leaf.split?.gain ?? 0) > (best.split?.gain ?? 0) ? leaf : best));
}

/** The power of two that brings `largest` to 2^bits at most. */
function scaleFor(largest: number, bits: number): number {
  if (!(largest > 0)) return 1;
  let exponent = Math.max(-90, Math.ceil(Math.log2(largest)));
  while (2 ** exponent < largest) exponent++;
  return 2 ** (bits - exponent);
}
