/** Examples from CSV, in chunks of typed columns: the types by two passes over the file, or from a schema by one. */
import { requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { Feature, Schema } from '../metadata/index.ts';
import { CELL_TYPES, type CellType, cellNumber, cellRank } from './cell-types.ts';
import type { Chunk, Column, ListLevel } from './columns.ts';
import { csvRows } from './csv-rows.ts';

export interface CsvOptions {
  /** One character. @default ',', or a tabulator for files called .tsv */
  readonly delimiter: string | undefined;
  /** Names of the columns of a file that has no line of them. @default the first line names them */
  readonly columnNames: readonly string[] | undefined;
  /** Columns of several values a cell. Empty parts are no values. @default none */
  readonly multivalentColumns: readonly string[];
  /** Divides their values. @default '|' */
  readonly multivalentDelimiter: string;
  /** Leave out blank lines instead of taking them for examples without any value. @default true */
  readonly skipBlankLines: boolean;
  /** What an empty cell tells of its column: nothing, or, as in tfx-bsl until 0.13, that it is FLOAT at least. @default 'UNKNOWN' */
  readonly emptyCells: 'UNKNOWN' | 'FLOAT';
  /** Keep FLOAT columns as 32 bits, as TensorFlow does; 64 as it did until 0.13. @default 32 */
  readonly floatBits: 32 | 64;
  /** Gives the types of columns; those it does not name are left out. @default none: types are inferred */
  readonly schema: Schema | undefined;
  /** The types of columns, instead of inferring them: what inferCsvTypes finds of all the files of a dataset. @default inferred */
  readonly types: ReadonlyMap<string, CellType> | undefined;
  /** Examples per chunk. @default 1000 */
  readonly chunkRows: number;
}

const DEFAULTS: CsvOptions = {
  delimiter: undefined,
  columnNames: undefined,
  multivalentColumns: [],
  multivalentDelimiter: '|',
  skipBlankLines: true,
  emptyCells: 'UNKNOWN',
  floatBits: 32,
  schema: undefined,
  types: undefined,
  chunkRows: 1000,
};

type GivenCsvOptions = { readonly [K in keyof CsvOptions]?: CsvOptions[K] | undefined };

/** A column of the file, and where its cells stand in a row. */
interface CsvColumn {
  readonly name: string;
  readonly at: number;
  readonly type: CellType;
}

/**
 * The type of a column is the widest of its cells', UNKNOWN < INT < FLOAT < STRING (tfx-bsl). Empty cells are missing; a
 * column of nothing else is of kind NULL. The file is read as a stream, plain or gzipped (`.gz`), twice without a schema.
 * @throws OPTION_INVALID; STATISTICS_COLUMN_MISMATCH for a row of more or fewer cells than there are columns, for a cell that
 * is not of the type that the schema gives
 */
export async function* readCsvChunks(file: string, given: GivenCsvOptions = {}): AsyncGenerator<Chunk> {
  const options = resolveOptions('readCsvChunks', given, DEFAULTS);
  requireWhole('readCsvChunks', 'chunkRows', options.chunkRows, 1, 1e7);
  const types = options.schema ? typesOf(options.schema) : options.types;
  const columns = types ? await columnsOf(file, options, types) : await inferColumns(file, options);
  let rows: string[][] = [];
  for await (const row of examples(file, options)) {
    rows.push(row);
    if (rows.length < options.chunkRows) continue;
    yield chunkOf(file, columns, rows, options);
    rows = [];
  }
  if (rows.length > 0) yield chunkOf(file, columns, rows, options);
}

/** The types of the columns of all the files together, each column the widest that a file has of it. */
export async function inferCsvTypes(
  files: readonly string[],
  given: GivenCsvOptions = {},
): Promise<Map<string, CellType>> {
  const options = resolveOptions('inferCsvTypes', given, DEFAULTS);
  const types = new Map<string, CellType>();
  for (const file of files)
    for (const { name, type } of await inferColumns(file, options)) {
      const known = types.get(name) ?? 'UNKNOWN';
      types.set(name, CELL_TYPES.indexOf(type) > CELL_TYPES.indexOf(known) ? type : known);
    }
  return types;
}

function delimiterOf(file: string, { delimiter }: CsvOptions): string {
  return delimiter ?? (/\.tsv(\.gz)?$/i.test(file) ? '\t' : ',');
}

/** Rows of as many cells as there are columns; the line of names is left out. */
async function* examples(file: string, options: CsvOptions): AsyncGenerator<string[]> {
  let names = options.columnNames;
  let number = 0;
  for await (const row of csvRows(file, delimiterOf(file, options))) {
    number++;
    if (!names) {
      names = row;
      continue;
    }
    if (row.length === 0) {
      if (!options.skipBlankLines) yield Array<string>(names.length).fill('');
    } else if (row.length === names.length) yield row;
    else {
      const found = `row ${number} of ${file} has ${row.length} cells`;
      throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${found}, not ${names.length}`, {
        details: { row: number },
      });
    }
  }
}

async function namesOf(file: string, options: CsvOptions): Promise<readonly string[]> {
  if (options.columnNames) return options.columnNames;
  for await (const row of csvRows(file, delimiterOf(file, options))) return row;
  return [];
}

async function inferColumns(file: string, options: CsvOptions): Promise<CsvColumn[]> {
  const names = await namesOf(file, options);
  const { multivalentDelimiter, emptyCells } = options;
  const multivalent = names.map((name) => options.multivalentColumns.includes(name));
  const ranks = new Uint8Array(names.length);
  const present = new Uint8Array(names.length);
  const text = CELL_TYPES.indexOf('STRING');
  const ofEmpty = CELL_TYPES.indexOf(emptyCells);
  for await (const row of examples(file, options)) {
    for (let i = 0; i < row.length; i++) {
      if (row[i] === '') {
        if (ranks[i] < ofEmpty) ranks[i] = ofEmpty;
        continue;
      }
      present[i] = 1;
      if (ranks[i] === text) continue;
      const rank = multivalent[i] ? Math.max(...row[i].split(multivalentDelimiter).map(cellRank)) : cellRank(row[i]);
      if (rank > ranks[i]) ranks[i] = rank;
    }
  }
  return names.map((name, at) => ({ name, at, type: present[at] === 1 ? CELL_TYPES[ranks[at]] : 'UNKNOWN' }));
}

const SCHEMA_TYPES: Partial<Record<NonNullable<Feature['type']>, CellType>> = {
  INT: 'INT',
  FLOAT: 'FLOAT',
  BYTES: 'STRING',
};

function typesOf(schema: Schema): ReadonlyMap<string, CellType> {
  return new Map(
    schema.feature?.flatMap(({ name = '', type = 'TYPE_UNKNOWN' }) => {
      const cells = SCHEMA_TYPES[type];
      return cells ? [[name, cells] as const] : [];
    }),
  );
}

async function columnsOf(
  file: string,
  options: CsvOptions,
  types: ReadonlyMap<string, CellType>,
): Promise<CsvColumn[]> {
  const names = await namesOf(file, options);
  return names.flatMap((name, at) => {
    const type = types.get(name);
    return type ? [{ name, at, type }] : [];
  });
}

function chunkOf(file: string, columns: readonly CsvColumn[], rows: readonly string[][], options: CsvOptions): Chunk {
  return { rows: rows.length, columns: columns.map((column) => columnOf(file, column, rows, options)) };
}

function columnOf(file: string, { name, at, type }: CsvColumn, rows: readonly string[][], options: CsvOptions): Column {
  const divider = options.multivalentColumns.includes(name) ? options.multivalentDelimiter : undefined;
  const offsets = new Int32Array(rows.length + 1);
  let valid: Uint8Array | undefined;
  const cells: string[] = [];
  for (let i = 0; i < rows.length; i++) {
    const cell = rows[i][at];
    if (cell === '') {
      valid ??= new Uint8Array(rows.length).fill(1);
      valid[i] = 0;
    } else if (divider === undefined) cells.push(cell);
    else for (const part of cell.split(divider)) if (part !== '') cells.push(part);
    offsets[i + 1] = cells.length;
  }
  const levels: ListLevel[] = [{ offsets, valid }];
  if (type === 'UNKNOWN') return { name, kind: 'NULL', levels };
  if (type === 'STRING') return { name, kind: 'STRING', levels, values: cells };
  const single = type === 'FLOAT' && options.floatBits === 32;
  const values = single ? new Float32Array(cells.length) : new Float64Array(cells.length);
  const widest = CELL_TYPES.indexOf(type);
  for (let i = 0; i < cells.length; i++) {
    // Inferred types hold; others can promise what a cell does not.
    if ((options.schema || options.types) && cellRank(cells[i]) > widest)
      throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${name} of ${file} is ${type} and has "${cells[i]}"`);
    values[i] = cellNumber(cells[i]);
  }
  return { name, kind: type, levels, values };
}
