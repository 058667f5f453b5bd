/** Examples from files, in chunks of typed columns. */
import { ShelfwiseError } from '../../base/index.ts';
import { readArrowChunks } from './arrow.ts';
import type { Chunk } from './columns.ts';
import { type CsvOptions, inferCsvTypes, readCsvChunks } from './csv.ts';
import { type Dictionaries, readTableChunks, type TableFormat } from './tables.ts';

export { readArrowChunks } from './arrow.ts';
export type { CellType } from './cell-types.ts';
export {
  type Chunk,
  type CodedTexts,
  type Column,
  type ColumnType,
  codedColumn,
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
export { type QueryOptions, readQueryChunks, readTableChunks, type TableFormat } from './tables.ts';

export type GivenCsvOptions = { readonly [K in keyof CsvOptions]?: CsvOptions[K] | undefined };

/**
 * Examples of a file, or of several that are shards of one dataset, by the end of their names: .csv, .tsv, .jsonl, .ndjson (each
 * also .gz), .parquet, .arrow, .feather, .ipc, .arrows (Arrow IPC, file or stream). The types of CSV columns are those of all its files together.
 * @param csv of CSV and TSV
 * @param columns to read of Parquet files, by their names; of others all are. @default all
 * @throws OPTION_INVALID for another name, before anything is read
 */
export function readExamples(
  files: string | readonly string[],
  csv: GivenCsvOptions = {},
  columns?: ReadonlySet<string>,
): AsyncGenerator<Chunk> {
  const sources = (typeof files === 'string' ? [files] : files).map((file) => ({ file, format: formatOf(file) }));
  return readSources(sources, csv, columns);
}

/** Whether a file is one of Parquet, by its name. @throws OPTION_INVALID for a name of no format */
export function isParquet(file: string): boolean {
  return formatOf(file) === 'parquet';
}

interface Source {
  readonly file: string;
  readonly format: 'csv' | 'arrow' | TableFormat;
}

async function* readSources(
  sources: readonly Source[],
  csv: GivenCsvOptions,
  columns: ReadonlySet<string> | undefined,
): AsyncGenerator<Chunk> {
  const texts = sources.filter(({ format }) => format === 'csv').map(({ file }) => file);
  const together = texts.length > 1 && !csv.schema && !csv.types;
  const options = together ? { ...csv, types: await inferCsvTypes(texts, csv) } : csv;
  const dictionaries: Dictionaries = new Map();
  for (const { file, format } of sources)
    yield* format === 'csv'
      ? readCsvChunks(file, options)
      : format === 'arrow'
        ? readArrowChunks(file)
        : readTableChunks(file, format, dictionaries, format === 'parquet' ? columns : undefined);
}

function formatOf(file: string): Source['format'] {
  const [, text, binary] = /\.(?:(csv|tsv|jsonl|ndjson)(?:\.gz)?|(parquet|arrows?|feather|ipc))$/i.exec(file) ?? [];
  switch ((text ?? binary)?.toLowerCase()) {
    case 'csv':
    case 'tsv':
      return 'csv';
    case 'jsonl':
    case 'ndjson':
      return 'jsonl';
    case 'parquet':
      return 'parquet';
    case 'arrow':
    case 'arrows':
    case 'feather':
    case 'ipc':
      return 'arrow';
    default:
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `the format of ${file} is not known; files end in .csv, .tsv, .jsonl, .ndjson (each also with .gz), .parquet, .arrow, .arrows, .feather or .ipc`,
      );
  }
}
