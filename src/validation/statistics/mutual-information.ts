/** Mutual information of each feature with the label. */
import { hash32, ShelfwiseError } from '../../base/index.ts';
import type { CustomStatistic } from '../metadata/index.ts';
import { type Chunk, type Column, type NumberColumn, type TextColumn, takeRows } from '../sources/columns.ts';
import {
  type Contingency,
  equalGroups,
  expectedInformationBits,
  expectedWeightedBits,
  marginsOf,
  mutualInformationBits,
} from './information.ts';
import { type Fold, keyOfNumber, NAN_KEY, NestedCells } from './nested-cells.ts';
import type { SchemaHints } from './options.ts';
import { isNumeric, isText, placesOf } from './univalent.ts';
import { perWord } from './words.ts';

const FEATURE_CELLS = 512;
const LABEL_CELLS = 128;

/** Most groups that a number is cut into, and examples that each pair of groups would have were there no dependence. */
const MOST_GROUPS = 64;
const EXAMPLES_A_PAIR = 20;

/** Instead of codes, for examples without a value or with several; as `Places` have them. */
const MISSING = -1;
const SEVERAL = -2;

/** Keys of numbers, infinity included, are below. */
const NUMBERS_END = keyOfNumber(Infinity) + 1;

/** 53 bits. */
function keyOfText(text: string): number {
  return (hash32(text) >>> 0) * 2 ** 21 + (hash32(text, 0x6d1) >>> 11);
}

const keysOfWords = perWord(keyOfText);

/** A column of which every value has a code. */
type Encodable = NumberColumn | TextColumn;

function isEncodable(column: Column): column is Encodable {
  return isNumeric(column) || isText(column);
}

/** Codes of all values of a column. */
function encodeValues(cells: NestedCells, column: Encodable, categorical: boolean, fold: Fold): Int32Array {
  // Values that are coded are not laid out for their number.
  const count = column.kind === 'STRING' && column.coded ? column.coded.codes.length : column.values.length;
  const codes = new Int32Array(count);
  if (column.kind !== 'STRING' && !categorical) {
    const numbers = column.values instanceof Float64Array ? column.values : new Float64Array(column.values);
    cells.encodeNumbers(numbers, codes, fold);
  } else if (column.kind === 'STRING' && column.coded)
    cells.encodeWords(column.coded, keysOfWords(column.coded.words), codes, fold);
  else cells.encode(keysOf(column, count), codes, fold);
  return codes;
}

/** Of texts without a dictionary, and of numbers that are categories. */
function keysOf(column: Encodable, count: number): Float64Array {
  const keys = new Float64Array(count);
  if (column.kind !== 'STRING')
    for (let i = 0; i < count; i++)
      keys[i] = Number.isNaN(column.values[i]) ? NAN_KEY : keyOfText(String(column.values[i]));
  else for (let i = 0; i < count; i++) keys[i] = keyOfText(column.values[i]);
  return keys;
}

/** One code an example, of those with one value; MISSING or SEVERAL for the others. */
function encodeExamples(
  cells: NestedCells,
  column: Encodable,
  rows: number,
  categorical: boolean,
  fold: Fold,
): Int32Array {
  const places = placesOf(column, rows);
  const codes = encodeValues(cells, column, categorical, fold);
  return places ? places.map((place) => (place < 0 ? place : codes[place])) : codes;
}

/** Weights of examples by the cell of a feature and that of the label; those that lack the feature are what is left. */
class JointWeights {
  readonly cells = new NestedCells(FEATURE_CELLS);
  readonly ordered: boolean;
  /** Some example has several values: no statistic. */
  several = false;
  private width = 2;
  private table = new Float64Array(0);

  constructor(ordered: boolean) {
    this.ordered = ordered;
  }

  add(codes: Int32Array, labels: Int32Array, labelCells: number, weights: Float64Array | undefined): void {
    this.reach(this.cells.size, labelCells);
    const { table, width } = this;
    for (let i = 0; i < codes.length; i++) {
      const [code, label] = [codes[i], labels[i]];
      if (code >= 0 && label >= 0) table[code * width + label] += weights ? weights[i] : 1;
    }
  }

  merge(other: JointWeights, labels: Int32Array, labelCells: number): void {
    this.several ||= other.several;
    const codes = this.cells.merge(other.cells, (into, size) => this.foldFeature(into, size));
    this.reach(this.cells.size, labelCells);
    for (let f = 0; f < codes.length; f++)
      for (let l = 0; l < labels.length && l < other.width; l++)
        this.table[codes[f] * this.width + labels[l]] += other.table[f * other.width + l] || 0;
  }

  at(feature: number, label: number): number {
    return label < this.width ? (this.table[feature * this.width + label] ?? 0) : 0;
  }

  foldFeature(into: Int32Array, size: number): void {
    const before = this.table;
    this.table = new Float64Array(Math.max(size, 1) * this.width);
    for (let at = 0; at < before.length; at++) {
      const [f, l] = [Math.floor(at / this.width), at % this.width];
      if (before[at] !== 0) this.table[into[f] * this.width + l] += before[at];
    }
  }

  foldLabel(into: Int32Array): void {
    const { table, width } = this;
    const row = new Float64Array(width);
    for (let from = 0; from < table.length; from += width) {
      row.fill(0);
      for (let l = 0; l < width; l++) if (table[from + l] !== 0) row[into[l]] += table[from + l];
      table.set(row, from);
    }
  }

  private reach(cells: number, labelCells: number): void {
    let width = this.width;
    while (width < labelCells) width *= 2;
    const rows = this.table.length / this.width;
    if (width === this.width && rows >= cells) return;
    const table = new Float64Array(Math.max(cells, rows < cells ? rows * 2 : rows) * width);
    for (let r = 0; r < rows; r++) table.set(this.table.subarray(r * this.width, (r + 1) * this.width), r * width);
    this.table = table;
    this.width = width;
  }
}

/**
 * How much a feature tells about the label, in bits, and how much of that no shuffle of the label would show:
 * `mutual_information` I(X; Y) and `adjusted_mutual_information` max(0, I(X; Y) − E I(X; shuffled Y)), as TensorFlow Data
 * Validation defines and names it.
 *
 * **The estimator** is the plug-in one, of a table: TFDV takes nearest neighbours in samples of the examples, this all
 * examples in cells. Values lie in at most 512 cells a feature and 128 of the label (NestedCells: exact up to so many
 * distinct ones; texts beyond share cells by hash). Before extraction, a label of numbers is pooled to min(64, ⌊√(n / 20)⌋)
 * groups of about equal weight, and numbers of a feature to min(64, ⌊n / 20 / groups of the label⌋), so that each pair of
 * groups would have 20 of the n examples were there no dependence; of weighted examples n is (Σ w)² / Σ w². Categories (texts, and numbers that the schema calls categories), NaN and absence stand by
 * themselves. The mean over shuffles is exact for counts, of first order for weights.
 *
 * **Trust:** a dependence finer than the groups is not seen, so that the estimate is low rather than high; for 64 groups of a
 * noiseless relation it is at most 6 bits. Below about 100 examples with a label everything is near 0.
 *
 * Examples without a label are left out. Features of lists with several values and of records have no statistic. Adding and
 * merging commute exactly (weights: up to rounding). Memory: at most 4 KiB a feature times the cells of the label.
 */
export class MutualInformation {
  readonly label: string;
  private readonly schema: SchemaHints;
  private readonly labelCells = new NestedCells(LABEL_CELLS);
  /** Weight by cell of the label. */
  private labelTotals = new Float64Array(LABEL_CELLS);
  private squaredWeights = 0;
  private weighted = false;
  private labelOrdered = true;
  private readonly features = new Map<string, JointWeights>();

  constructor(label: string, schema: SchemaHints) {
    this.label = label;
    this.schema = schema;
  }

  /**
   * @param features that an estimate is wanted of; all without
   * @throws STATISTICS_COLUMN_MISMATCH if an example has several labels, or the label is no number and no text
   */
  add(chunk: Chunk, weights: Float64Array | undefined, features?: ReadonlySet<string>): void {
    const labels = this.encodeLabels(chunk, weights);
    // A value that no labelled example has must not make cells wider.
    const labelled = labels.includes(MISSING) ? placesWhere(labels) : undefined;
    const { columns } = labelled ? takeRows(chunk, labelled) : chunk;
    const labelsOfThose = labelled ? labelled.map((row) => labels[row]) : labels;
    const weightsOfThose = labelled && weights ? Float64Array.from(labelled, (row) => weights[row]) : weights;
    for (const [at, column] of columns.entries()) {
      if (column.name === this.label || features?.has(column.name) === false || !isEncodable(column)) continue;
      const categorical = this.isCategorical(column);
      const joint = this.joint(column.name, !categorical);
      if (hasSeveral(chunk.columns[at], chunk.rows)) joint.several = true;
      if (joint.several) continue;
      const fold: Fold = (into, size) => joint.foldFeature(into, size);
      const codes = encodeExamples(joint.cells, column, labelsOfThose.length, categorical, fold);
      joint.add(codes, labelsOfThose, this.labelCells.size, weightsOfThose);
    }
  }

  /** Takes in another of the same label and schema, which stays as it is. */
  merge(other: MutualInformation): void {
    this.weighted ||= other.weighted;
    this.labelOrdered &&= other.labelOrdered;
    this.squaredWeights += other.squaredWeights;
    const labels = this.labelCells.merge(other.labelCells, (into) => this.foldLabels(into));
    for (let l = 0; l < labels.length; l++) this.labelTotals[labels[l]] += other.labelTotals[l];
    for (const [name, joint] of other.features)
      this.joint(name, joint.ordered).merge(joint, labels, this.labelCells.size);
  }

  /** Of a feature; none for the label, a feature that has no estimate, and without any label. */
  extract(feature: string): CustomStatistic[] {
    const joint = this.features.get(feature);
    const total = this.labelTotals.reduce((sum, weight) => sum + weight, 0);
    if (!joint || joint.several || total === 0) return [];
    const examples = this.weighted ? total ** 2 / this.squaredWeights : total;
    const table = this.tableOf(joint, examples / EXAMPLES_A_PAIR);
    const { rowSums, columnSums } = marginsOf(table);
    const bits = mutualInformationBits(table);
    const expected = this.weighted
      ? expectedWeightedBits(rowSums, columnSums, examples)
      : expectedInformationBits(rowSums, columnSums);
    return [
      { name: 'adjusted_mutual_information', num: Math.max(0, bits - expected) },
      { name: 'mutual_information', num: bits },
    ];
  }

  private isCategorical(column: Column): boolean {
    return column.kind === 'STRING' || this.schema.of(column.name).categorical === column.kind;
  }

  private joint(name: string, ordered: boolean): JointWeights {
    let joint = this.features.get(name);
    if (!joint) {
      joint = new JointWeights(ordered);
      this.features.set(name, joint);
    }
    return joint;
  }

  /** Codes, below 0 for examples without a label. */
  private encodeLabels(chunk: Chunk, weights: Float64Array | undefined): Int32Array {
    const column = chunk.columns.find(({ name }) => name === this.label);
    if (!column || column.kind === 'NULL') return new Int32Array(chunk.rows).fill(MISSING);
    if (!isEncodable(column) || hasSeveral(column, chunk.rows))
      throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `the label ${this.label} is not one value an example`);
    const categorical = this.isCategorical(column);
    this.labelOrdered &&= !categorical;
    const codes = encodeExamples(this.labelCells, column, chunk.rows, categorical, (into) => this.foldLabels(into));
    this.weighted ||= weights !== undefined;
    for (let i = 0; i < codes.length; i++) {
      if (codes[i] < 0) continue;
      const weight = weights ? weights[i] : 1;
      this.labelTotals[codes[i]] += weight;
      this.squaredWeights += weight * weight;
    }
    return codes;
  }

  private foldLabels(into: Int32Array): void {
    const before = this.labelTotals;
    this.labelTotals = new Float64Array(LABEL_CELLS);
    for (let l = 0; l < into.length; l++) this.labelTotals[into[l]] += before[l];
    for (const joint of this.features.values()) joint.foldLabel(into);
  }

  /** Groups of the feature, then those that lack it, by groups of the label. */
  private tableOf(joint: JointWeights, pairs: number): Contingency {
    const labelWeights = this.labelTotals.subarray(0, this.labelCells.size);
    const labels = grouped(
      this.labelCells.keys(),
      labelWeights,
      this.labelOrdered ? groupsFor(Math.sqrt(pairs)) : Infinity,
    );
    const keys = joint.cells.keys();
    const weights = Float64Array.from(keys, (_, f) => labelWeights.reduce((sum, _w, l) => sum + joint.at(f, l), 0));
    const features = grouped(keys, weights, joint.ordered ? groupsFor(pairs / labels.count) : Infinity);
    const [rows, columns] = [features.count + 1, labels.count];
    const cells = new Float64Array(rows * columns);
    for (let l = 0; l < labelWeights.length; l++) {
      const column = labels.groups[l];
      let left = labelWeights[l];
      for (let f = 0; f < keys.length; f++) {
        const weight = joint.at(f, l);
        cells[features.groups[f] * columns + column] += weight;
        left -= weight;
      }
      // What is left of sums of weights may be rounding.
      if (left > 1e-9 * labelWeights[l]) cells[(rows - 1) * columns + column] += left;
    }
    return { rows, columns, cells };
  }
}

function placesWhere(labels: Int32Array): Int32Array {
  return Int32Array.from(labels.keys()).filter((row) => labels[row] >= 0);
}

function hasSeveral(column: Column, rows: number): boolean {
  return placesOf(column, rows)?.includes(SEVERAL) ?? false;
}

function groupsFor(affordable: number): number {
  return Math.min(MOST_GROUPS, Math.max(2, Math.floor(affordable)));
}

/** The group of each cell: neighbours pooled to about so many of equal weight, NaN by itself. */
function grouped(keys: Float64Array, weights: Float64Array, most: number): { groups: Int32Array; count: number } {
  const groups = new Int32Array(keys.length);
  const order = Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  const numbers = order.filter((cell) => keys[cell] < NUMBERS_END);
  const pooled = equalGroups(
    numbers.map((cell) => weights[cell]),
    most,
  );
  for (const [i, cell] of numbers.entries()) groups[cell] = pooled[i];
  let count = numbers.length === 0 ? 0 : pooled[pooled.length - 1] + 1;
  for (const cell of order.slice(numbers.length)) groups[cell] = count++;
  return { groups, count };
}
