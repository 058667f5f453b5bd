/** Predicates of SQL over messages of statistics, judged by DuckDB. */
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import { openWarehouse } from '../../store/index.ts';
import {
  descriptorOf,
  enumOfField,
  type FieldDescriptor,
  type Fields,
  type MessageDescriptor,
  messageOfField,
} from '../metadata/descriptors.ts';
import type { FeatureNameStatistics } from '../metadata/index.ts';

/** Judges expressions over features by name, such as `feature`. */
export interface PredicateJudge {
  /**
   * @returns whether the expression holds
   * @throws OPTION_INVALID if it cannot be run, or is neither true nor false
   */
  holds(expression: string, features: Readonly<Record<string, FeatureNameStatistics>>): Promise<boolean>;
  close(): void;
}

/**
 * Fields are called as in statistics.proto. A message that is absent is NULL, a scalar that is absent its default (NULL in a
 * oneof), an enum its name. The SQL is DuckDB's; of GoogleSQL, which TensorFlow Data Validation takes, these forms are
 * understood too: texts in double quotes, `list[OFFSET(0)]`, `list[ORDINAL(1)]`, `ARRAY_LENGTH(list)` and
 * `UNNEST(list) AS name`.
 */
export async function openPredicates(): Promise<PredicateJudge> {
  const warehouse = await openWarehouse({ threads: 1, memoryBytes: 2 ** 28 });
  return {
    async holds(expression, features) {
      const names = Object.keys(features);
      const columns = names.map((name) => `json_transform($${name}::JSON, '${STRUCTURE}') AS ${name}`);
      const params = names.map((name) => [name, JSON.stringify(jsonOf(DESCRIPTOR, features[name]))] as const);
      const refused = (why: string, cause?: unknown) =>
        new ShelfwiseError('OPTION_INVALID', `the query '${expression}' ${why}`, { cause });
      let verdict: unknown;
      try {
        const sql = `SELECT (\n${inDuckDbsSql(expression)}\n) AS holds FROM (SELECT ${columns.join(', ')})`;
        [{ holds: verdict }] = await warehouse.query<{ holds: unknown }>(sql, Object.fromEntries(params));
      } catch (error) {
        const [reason] = messageOf(error).split('\n', 1);
        throw refused(`cannot be run: ${reason}`, error);
      }
      if (typeof verdict === 'boolean') return verdict;
      throw refused(
        verdict === null
          ? 'is neither true nor false: it reads what these statistics lack; say with coalesce(…, false) what that means'
          : 'is no condition',
      );
    },
    close: () => warehouse.close(),
  };
}

const SQL_TYPES: Readonly<Record<string, string>> = {
  double: 'DOUBLE',
  float: 'DOUBLE',
  int32: 'BIGINT',
  int64: 'BIGINT',
  uint32: 'BIGINT',
  uint64: 'UBIGINT',
  bool: 'BOOLEAN',
};

const DESCRIPTOR = descriptorOf('FeatureNameStatistics');
const STRUCTURE = JSON.stringify(structureOf(DESCRIPTOR));

/** The types of a message as json_transform is told them; bytes are base64. */
function structureOf({ fields }: MessageDescriptor): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const type = field.kind === 'message' ? structureOf(messageOfField(field)) : (SQL_TYPES[field.type] ?? 'VARCHAR');
      return [field.name, field.repeated ? [type] : type];
    }),
  );
}

function jsonOf({ fields }: MessageDescriptor, message: object): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const content = (message as Fields)[field.property];
      if (field.repeated) return [field.name, ((content ?? []) as unknown[]).map((one) => scalarOf(field, one))];
      return [field.name, content === undefined ? defaultOf(field) : scalarOf(field, content)];
    }),
  );
}

function defaultOf(field: FieldDescriptor): unknown {
  if (!field.implicit) return null;
  if (field.kind === 'enum') return enumOfField(field).names.get(0);
  if (field.type === 'bool') return false;
  return field.type === 'string' || field.type === 'bytes' ? '' : 0;
}

function scalarOf(field: FieldDescriptor, content: unknown): unknown {
  if (field.kind === 'message') return jsonOf(messageOfField(field), content as object);
  if (content instanceof Uint8Array) return Buffer.from(content).toString('base64');
  // JSON has neither of them as numbers.
  if (typeof content === 'bigint' || (typeof content === 'number' && !Number.isFinite(content))) return String(content);
  return content;
}

/** A text in quotes of either kind, or a name in backticks. */
const QUOTED = /'(?:[^']|'')*'|"((?:[^"\\]|\\.)*)"|`([^`]*)`/g;
const PLACED = /\[\s*(SAFE_)?(OFFSET|ORDINAL)\s*\(\s*(\d+)\s*\)\s*\]/gi;
const NO_NAME = /^(?:WHERE|JOIN|CROSS|INNER|LEFT|RIGHT|ON|GROUP|ORDER|LIMIT|UNION|WITH|HAVING|USING)$/i;

/** What GoogleSQL writes otherwise. */
function inDuckDbsSql(expression: string): string {
  const kept: string[] = [];
  // Quotes are put aside, so that nothing within them is taken for code.
  const bare = expression.replace(QUOTED, (quoted, text: string | undefined, name: string | undefined) => {
    if (text !== undefined) kept.push(`'${text.replace(/\\(.)/g, '$1').replaceAll("'", "''")}'`);
    else kept.push(name === undefined ? quoted : `"${name.replaceAll('"', '""')}"`);
    return `\u0000${kept.length - 1}\u0000`;
  });
  const placed = bare.replace(PLACED, (_, _safe, kind: string, place: string) =>
    kind.toUpperCase() === 'OFFSET' ? `[${Number(place) + 1}]` : `[${place}]`,
  );
  return namedUnnests(placed).replace(/\u0000(\d+)\u0000/g, (_, at: string) => kept[Number(at)]);
}

/** `UNNEST(…) AS x` names its elements x in GoogleSQL, and a table in DuckDB's: `AS x(x)` is both. */
function namedUnnests(sql: string): string {
  const found = /\bUNNEST\s*\(/i.exec(sql);
  if (!found) return sql;
  let at = found.index + found[0].length;
  for (let depth = 1; depth > 0 && at < sql.length; at++) depth += sql[at] === '(' ? 1 : sql[at] === ')' ? -1 : 0;
  const inside = namedUnnests(sql.slice(found.index + found[0].length, at));
  const [alias, name = ''] = /^\s+(?:AS\s+)?(\w+)(?!\s*\()/i.exec(sql.slice(at)) ?? [''];
  const named = name !== '' && !NO_NAME.test(name);
  return `${sql.slice(0, found.index)}UNNEST(${inside}${named ? ` AS ${name}(${name})` : ''}${namedUnnests(sql.slice(named ? at + alias.length : at))}`;
}
