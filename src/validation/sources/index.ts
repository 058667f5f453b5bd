/** Examples from files, in chunks of typed columns. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Chunk } from './columns.ts';
import { type CsvOptions, readCsvChunks } from './csv.ts';
import { readTableChunks } from './tables.ts';

export type { CellType } from './cell-types.ts';
export {
  type Chunk,
  type Column,
  type ColumnType,
  columnOf,
  type ListLevel,
  type NullColumn,
  type NumberColumn,
  type StructColumn,
  type TextColumn,
  takeRows,
  typeOf,
} from './columns.ts';
export { type CsvOptions, inferCsvTypes, readCsvChunks } from './csv.ts';
export { readTableChunks, type TableFormat } from './tables.ts';

/**
 * Examples of a file, by the end of its name: .csv, .tsv, .jsonl, .ndjson (each also .gz), .parquet.
 * @param csv of CSV and TSV
 * @throws OPTION_INVALID for another name
 */
export function readExamples(
  file: string,
  csv: { readonly [K in keyof CsvOptions]?: CsvOptions[K] | undefined } = {},
): AsyncGenerator<Chunk> {
  const [, ending] = /\.(csv|tsv|jsonl|ndjson|parquet)(?:(?<!parquet)\.gz)?$/i.exec(file) ?? [];
  switch (ending?.toLowerCase()) {
    case 'csv':
    case 'tsv':
      return readCsvChunks(file, csv);
    case 'jsonl':
    case 'ndjson':
      return readTableChunks(file, 'jsonl');
    case 'parquet':
      return readTableChunks(file, 'parquet');
    default:
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `the format of ${file} is not known; files end in .csv, .tsv, .jsonl, .ndjson (each also with .gz) or .parquet`,
      );
  }
}
