/** One pass over a log: what every setting needs for its value, its tuning and its interval, in memory that does not grow with the log. */
import { ShelfwiseError } from '../base/index.ts';
import type { EstimatorSetting, Nuisance } from './estimator.ts';
import { type GroupSums, GroupTable } from './groups.ts';
import { controlShare } from './intervals/control.ts';
import { type Functional, type RatioColumns, type RatioTerm, ratioOf } from './intervals/functional.ts';
import { MOMENT, MomentTable, WeightSums } from './moments.ts';
import { checkRows, type EvaluationRows, type ModelColumns, modelOf } from './rows.ts';

/** Fixed columns of the group table: decisions and rows. */
export const DECISIONS = 0;
const ROWS = 1;
const FIXED = 2;

const BLOCK_DECISIONS = 512;

export interface PassOptions {
  /** A power of two. */
  readonly listenerGroups: number;
  /** Positions that are normalised on their own; deeper ones share the last. */
  readonly positions: number;
  /** Has the log a control? @default false */
  readonly hasControl?: boolean | undefined;
}

interface UsedModel {
  readonly nuisance: Nuisance;
  /** Column of the group table: Σ_rows q̂π. */
  readonly base: number;
  /** Row of the block → r - q̂. */
  residuals: Float64Array;
}

/** A setting's own columns of the group table. */
interface SettingColumns {
  readonly numerator: number;
  /** -1 where nothing is normalised by all rows. */
  readonly denominator: number;
  /** Position → column of its numerator; its denominator follows. Empty unless normalised by position. */
  readonly byPosition: number[];
}

export class EvaluationPass {
  readonly settings: readonly EstimatorSetting[];
  readonly table: GroupTable;
  readonly moments: MomentTable;
  readonly weights = new WeightSums();
  readonly #columns: readonly SettingColumns[];
  readonly #options: PassOptions;
  /** Position → column of its rows, shared by all settings. */
  readonly #rowsByPosition: number[] = [];
  /** The models that settings stand on. */
  readonly #models: readonly UsedModel[];
  /** Setting → its model; undefined where it uses none. */
  readonly #modelOf: readonly (UsedModel | undefined)[];
  readonly #needsPositions: boolean;
  /** Column of the control; -1 without one. */
  readonly #control: number;
  #rows = 0;
  #offsets = new Uint32Array(0);
  /** Row-major decisions of a block × columns of the table: summed here, where it is near, and added to the groups at once. */
  #sums = new Float64Array(0);
  #shrunk = new Float64Array(0);

  constructor(settings: readonly EstimatorSetting[], options: PassOptions) {
    let next = FIXED;
    this.settings = settings;
    this.#options = options;
    this.#columns = settings.map(({ estimator }) => ({
      numerator: next++,
      denominator: estimator.normalises === 'all' ? next++ : -1,
      byPosition: [],
    }));
    const used = settings.flatMap(({ estimator: { usesModel, nuisance = 'model' } }) => (usesModel ? [nuisance] : []));
    this.#models = [...new Set(used)].map((nuisance) => ({ nuisance, base: next++, residuals: new Float64Array(0) }));
    this.#modelOf = settings.map(({ estimator: { usesModel, nuisance = 'model' } }) =>
      usesModel ? this.#models.find((model) => model.nuisance === nuisance) : undefined,
    );
    this.#needsPositions = settings.some(({ estimator }) => estimator.normalises === 'position');
    this.#control = options.hasControl === true ? next++ : -1;
    this.table = new GroupTable(next, options.listenerGroups);
    this.moments = new MomentTable(settings.length);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Throws as `checkRows`, and `OPE_ROW_INVALID` where a reward model is needed and missing, or begins or ends within the log. */
  add(chunk: EvaluationRows): void {
    checkRows(chunk, this.#rows);
    for (const { nuisance } of this.#models) {
      if (modelOf(chunk, nuisance) !== undefined) continue;
      throw new ShelfwiseError(
        'OPE_ROW_INVALID',
        `the chunk at row ${this.#rows} has no reward model${nuisance === 'model' ? '' : ` of the kind ${nuisance}`}, which an estimator that was asked for needs`,
      );
    }
    if (chunk.control === undefined && this.#control >= 0) {
      throw new ShelfwiseError('OPE_ROW_INVALID', `the chunk at row ${this.#rows} has no control, unlike those before`);
    }
    const { rows, decisions, decisionOf } = chunk;
    if (this.#needsPositions) this.#widen(chunk);
    this.#reserve(decisions);
    this.table.offsets(chunk.listenerOf, decisions, this.#offsets);
    this.weights.add(chunk.weights, rows);
    for (let first = 0, from = 0; first < decisions; ) {
      const last = Math.min(decisions, first + BLOCK_DECISIONS);
      let to = from;
      while (to < rows && decisionOf[to] < last) to++;
      this.#addBlock(blockOf(chunk, from, to, first, last));
      first = last;
      from = to;
    }
    this.#rows += rows;
  }

  #addBlock(block: Block): void {
    const { rows, decisions, first } = block;
    const { columns } = this.table;
    if (this.#shrunk.length < rows) {
      this.#shrunk = new Float64Array(rows);
      for (const model of this.#models) model.residuals = new Float64Array(rows);
    }
    this.#sums.fill(0, 0, decisions * columns);
    this.#addShared(block);
    for (let setting = 0; setting < this.settings.length; setting++) {
      const { estimator, lambda } = this.settings[setting];
      estimator.transform(block.weights, block.matches, rows, lambda, this.#shrunk);
      const model = this.#modelOf[setting];
      const residuals = model?.residuals ?? block.rewards;
      this.#addSetting(block, setting, residuals, model?.base ?? -1);
      if (estimator.normalises === 'position') this.#addPositions(block, this.#columns[setting], residuals);
    }
    this.moments.count += decisions;
    const { sums } = this.table;
    const own = this.#sums;
    for (let decision = 0, at = 0; decision < decisions; decision++) {
      const offset = this.#offsets[first + decision];
      for (let column = 0; column < columns; column++) sums[offset + column] += own[at++];
    }
  }

  /**
   * The value of a setting, as a function of the table's columns.
   * @param groups the table's: with as much of the control, where there is one, as makes the error on them least
   */
  functional(setting: number, groups?: GroupSums): Functional {
    const { estimator } = this.settings[setting];
    const { numerator, denominator, byPosition } = this.#columns[setting];
    const terms: RatioTerm[] =
      estimator.normalises === 'position'
        ? byPosition.map((column, position) => ({
            numerator: column,
            normaliser: { denominator: column + 1, rows: this.#rowsByPosition[position] },
          }))
        : [{ numerator, normaliser: denominator < 0 ? undefined : { denominator, rows: ROWS } }];
    const columns: RatioColumns = { decisions: DECISIONS, base: this.#modelOf[setting]?.base, terms };
    const plain = ratioOf(columns);
    const control = this.#control;
    if (groups === undefined || control < 0 || !estimator.usesModel) return plain;
    const share = controlShare(groups, plain, { decisions: DECISIONS, control });
    return share === 0 ? plain : ratioOf({ ...columns, control: { column: control, share } });
  }

  #reserve(decisions: number): void {
    if (this.#offsets.length < decisions) this.#offsets = new Uint32Array(decisions);
    const cells = BLOCK_DECISIONS * this.table.columns;
    if (this.#sums.length < cells) this.#sums = new Float64Array(cells);
  }

  /** Columns for positions that were not seen before. */
  #widen({ positionOf, rows }: EvaluationRows): void {
    let deepest = 0;
    for (let row = 0; row < rows; row++) if (positionOf[row] > deepest) deepest = positionOf[row];
    const wanted = Math.min(deepest + 1, this.#options.positions);
    while (this.#rowsByPosition.length < wanted) {
      this.#rowsByPosition.push(this.table.widen(1));
      for (let setting = 0; setting < this.settings.length; setting++) {
        if (this.settings[setting].estimator.normalises !== 'position') continue;
        this.#columns[setting].byPosition.push(this.table.widen(2));
      }
    }
  }

  /** Residuals, and what all settings share. */
  #addShared(block: Block): void {
    const { rows, decisions, first, decisionOf, positionOf, rewards, control } = block;
    const { columns } = this.table;
    const sums = this.#sums;
    for (let decision = 0; decision < decisions; decision++) sums[decision * columns + DECISIONS] = 1;
    for (let row = 0; row < rows; row++) sums[(decisionOf[row] - first) * columns + ROWS]++;
    for (const { nuisance, base, residuals } of this.#models) {
      const model = modelOf(block, nuisance);
      if (model === undefined) continue;
      for (let row = 0; row < rows; row++) {
        residuals[row] = rewards[row] - model.predicted[row];
        sums[(decisionOf[row] - first) * columns + base] += model.expected[row];
      }
    }
    if (control !== undefined && this.#control >= 0) {
      for (let decision = 0; decision < decisions; decision++)
        sums[decision * columns + this.#control] = control[decision];
    }
    const deepest = this.#rowsByPosition.length - 1;
    if (deepest < 0) return;
    for (let row = 0; row < rows; row++) {
      sums[(decisionOf[row] - first) * columns + this.#rowsByPosition[Math.min(deepest, positionOf[row])]]++;
    }
  }

  #addSetting(
    { rows, first, decisionOf, weights }: Block,
    setting: number,
    residuals: Float64Array,
    base: number,
  ): void {
    const { columns } = this.table;
    const { cells, count } = this.moments;
    const { numerator, denominator } = this.#columns[setting];
    const sums = this.#sums;
    const shrunk = this.#shrunk;
    const at = this.moments.at(setting);
    let shift = cells[at + MOMENT.shift];
    let sum = cells[at + MOMENT.sum];
    let squares = cells[at + MOMENT.squares];
    let smallest = cells[at + MOMENT.smallest];
    let largest = cells[at + MOMENT.largest];
    let bias = cells[at + MOMENT.bias];
    let isFirst = count === 0;
    for (let row = 0; row < rows; ) {
      const decision = decisionOf[row];
      let top = 0;
      let bottom = 0;
      do {
        const weight = shrunk[row];
        top += weight * residuals[row];
        bottom += weight;
        bias += (weights[row] - weight) * residuals[row];
        row++;
      } while (row < rows && decisionOf[row] === decision);
      const offset = (decision - first) * columns;
      sums[offset + numerator] = top;
      if (denominator >= 0) sums[offset + denominator] = bottom;
      const x = base >= 0 ? top + sums[offset + base] : top;
      if (isFirst) {
        shift = x;
        isFirst = false;
      }
      const centred = x - shift;
      sum += centred;
      squares += centred * centred;
      if (x < smallest) smallest = x;
      if (x > largest) largest = x;
    }
    cells[at + MOMENT.shift] = shift;
    cells[at + MOMENT.sum] = sum;
    cells[at + MOMENT.squares] = squares;
    cells[at + MOMENT.smallest] = smallest;
    cells[at + MOMENT.largest] = largest;
    cells[at + MOMENT.bias] = bias;
  }

  #addPositions(
    { rows, first, decisionOf, positionOf }: Block,
    { byPosition }: SettingColumns,
    residuals: Float64Array,
  ): void {
    const { columns } = this.table;
    const sums = this.#sums;
    const shrunk = this.#shrunk;
    const deepest = byPosition.length - 1;
    for (let row = 0; row < rows; row++) {
      const at = (decisionOf[row] - first) * columns + byPosition[Math.min(deepest, positionOf[row])];
      sums[at] += shrunk[row] * residuals[row];
      sums[at + 1] += shrunk[row];
    }
  }
}

/** Whole decisions of a chunk, few enough that their sums stay in the second-level cache. */
interface Block
  extends Pick<
    EvaluationRows,
    | 'rows'
    | 'decisions'
    | 'decisionOf'
    | 'positionOf'
    | 'weights'
    | 'rewards'
    | 'matches'
    | 'model'
    | 'nuisances'
    | 'control'
  > {
  /** The chunk's number of the first decision: what `decisionOf` counts from. */
  readonly first: number;
}

function blockOf(chunk: EvaluationRows, from: number, to: number, first: number, last: number): Block {
  const { control } = chunk;
  const part = (model: ModelColumns | undefined): ModelColumns | undefined =>
    model && { predicted: model.predicted.subarray(from, to), expected: model.expected.subarray(from, to) };
  return {
    rows: to - from,
    decisions: last - first,
    first,
    decisionOf: chunk.decisionOf.subarray(from, to),
    positionOf: chunk.positionOf.subarray(from, to),
    weights: chunk.weights.subarray(from, to),
    rewards: chunk.rewards.subarray(from, to),
    matches: chunk.matches.subarray(from, to),
    control: control?.subarray(first, last),
    model: part(chunk.model),
    nuisances: chunk.nuisances && {
      crossFitted: part(chunk.nuisances.crossFitted),
      mrdr: part(chunk.nuisances.mrdr),
    },
  };
}
