/** Logs of anyone as columns of CSV, TSV, Parquet or a query. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  type DecisionSource,
  type EvaluationRows,
  type Nuisance,
  plainStudy,
  requirePropensity,
} from '../../counterfactual/index.ts';
import { type ColumnMap, ColumnResolver } from '../columns.ts';
import { ChunkBuilder, emptyRow } from './chunk-builder.ts';
import type { OpeLog } from './log.ts';
import { keyOf, listenerOf, NumberTable, numberOf, type TableSource } from './table.ts';

const FIELDS = [
  'listener',
  'decision',
  'position',
  'action',
  'reward',
  'propensity',
  'targetPropensity',
  'predicted',
  'expected',
  'predictedCrossFitted',
  'expectedCrossFitted',
  'predictedMrdr',
  'expectedMrdr',
] as const;
type Field = (typeof FIELDS)[number];
const NEEDED: readonly Field[] = ['reward', 'propensity', 'targetPropensity'];

/** Columns of the reward models that a log may have. */
const MODELS: readonly (readonly [Nuisance, predicted: Field, expected: Field])[] = [
  ['model', 'predicted', 'expected'],
  ['crossFitted', 'predictedCrossFitted', 'expectedCrossFitted'],
  ['mrdr', 'predictedMrdr', 'expectedMrdr'],
];

export interface ColumnsOptions {
  /** Field → column, where the names differ by more than case and `_`. */
  readonly map?: ColumnMap;
}

/**
 * Columns: `reward`, `propensity` (of the logging policy, (0, 1]) and `target_propensity` (of the policy to be judged, [0, 1]) of the logged
 * action; optionally `listener` (any value: what is resampled together), `decision` (neighbouring rows of one value are one decision),
 * `position` within it (from 0), and of a reward model `predicted` (of the logged action) and `expected` (under the policy); of models of
 * other fits `predicted_cross_fitted` and `expected_cross_fitted`, `predicted_mrdr` and `expected_mrdr`. `action` may stand there and is not needed: replay counts rows whose `target_propensity` is 1.
 * Throws `OPTION_INVALID` for missing files and columns; while reading `OPE_PROPENSITY_RANGE` and `OPE_ROW_INVALID`, rows counted from 0.
 */
export async function readOpeColumns(from: TableSource, options: ColumnsOptions = {}): Promise<OpeLog> {
  const table = new NumberTable(from);
  const present = await table.columns();
  const resolver = new ColumnResolver('decisions', FIELDS, options.map ?? {});
  resolver.requireMapped(table.name, present);
  const columnOf = new Map<Field, string>();
  for (const column of present) {
    const field = resolver.field(column) as Field | null;
    if (field !== null && !columnOf.has(field)) columnOf.set(field, column);
  }
  const missing = NEEDED.filter((field) => !columnOf.has(field));
  for (const [, predicted, expected] of MODELS) {
    if (columnOf.has(predicted) !== columnOf.has(expected))
      missing.push(columnOf.has(predicted) ? expected : predicted);
  }
  if (missing.length > 0) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${table.name} has no column for ${missing.join(', ')}; it has ${present.join(', ')}; name others with --map FIELD=COLUMN`,
    );
  }
  const models = MODELS.flatMap(([nuisance, predicted]) => (columnOf.has(predicted) ? [nuisance] : []));
  const ignored = resolver.ignored();
  return {
    describe: `logged decisions of ${table.name}`,
    notes: ignored.length > 0 ? [`ignored columns ${ignored.slice(0, 20).join(', ')}`] : [],
    studies: [plainStudy(sourceFrom(table, columnOf, models), models)],
  };
}

function sourceFrom(
  table: NumberTable,
  columnOf: ReadonlyMap<Field, string>,
  models: readonly Nuisance[],
): DecisionSource {
  const expressions: string[] = [];
  const place = (field: Field, expression: (column: string) => string): number => {
    const column = columnOf.get(field);
    return column === undefined ? -1 : expressions.push(expression(column)) - 1;
  };
  const reward = place('reward', numberOf);
  const propensity = place('propensity', numberOf);
  const target = place('targetPropensity', numberOf);
  const listener = place('listener', listenerOf);
  const decision = place('decision', keyOf);
  const position = place('position', numberOf);
  const ofModels = MODELS.filter(([nuisance]) => models.includes(nuisance)).map(([nuisance, predicted, expected]) => ({
    nuisance,
    predicted: place(predicted, numberOf),
    expected: place(expected, numberOf),
  }));

  async function* chunks(): AsyncGenerator<EvaluationRows> {
    const builder = new ChunkBuilder({ models });
    const next = emptyRow();
    let row = 0;
    let decisions = 0;
    let before = Number.NaN;
    for await (const { rows, columns } of table.numbers(expressions)) {
      for (let at = 0; at < rows; at++, row++) {
        const p = columns[propensity][at];
        const q = columns[target][at];
        requirePropensity(p, row);
        if (!(q >= 0 && q <= 1 + 1e-9)) throw unfit(`row ${row} has target_propensity ${q}`, row);
        const key = decision < 0 ? row : columns[decision][at];
        next.startsDecision = key !== before;
        if (next.startsDecision) decisions++;
        before = key;
        next.listener = listener < 0 ? decisions - 1 : columns[listener][at];
        next.position = position < 0 ? 0 : columns[position][at];
        if (!(next.position >= 0 && next.position < 65536))
          throw unfit(`row ${row} has position ${next.position}`, row);
        next.weight = q / p;
        next.reward = columns[reward][at];
        next.matches = q === 1 ? 1 : 0;
        for (const { nuisance, predicted, expected } of ofModels) {
          next.models[nuisance].predicted = columns[predicted][at];
          next.models[nuisance].expected = columns[expected][at];
        }
        const full = builder.add(next);
        if (full !== null) yield full;
      }
    }
    const rest = builder.take();
    if (rest !== null) yield rest;
  }
  return { [Symbol.asyncIterator]: chunks };
}

function unfit(text: string, row: number): ShelfwiseError {
  return new ShelfwiseError('OPE_ROW_INVALID', text, { details: { row } });
}
