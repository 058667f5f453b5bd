/**
 * Values for the schemas of an OpenAPI document: valid ones, valid ones with a fault or two, and hostile ones. Made from the
 * document alone, so that a route that is added is fuzzed by being in it.
 */
import fc from 'fast-check';

export type Schema = Readonly<Record<string, unknown>>;
export type Components = Readonly<Record<string, Schema>>;

/** Ids that the platform knows, so that requests meet something; tried for every short string. */
export interface KnownIds {
  /** By what stands before the parameter in the path, such as `items`; the last known ones. */
  of(collection: string): readonly string[];
}

const MAX_DEPTH = 6;
/** Rows of an envelope in most bodies. */
const SOME_ROWS = 6;

export const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\u2028',
    '\u202e',
    '%00',
    '%',
    '../../etc/passwd',
    '__proto__',
    'constructor',
    'toString',
    'true',
    'null',
    '-0',
    '1e999',
    'NaN',
    "' OR 1=1 --",
    '<script>alert(1)</script>',
    '{{7*7}}',
    '\u{1f3b5}'.repeat(60),
    'a'.repeat(10_000),
    'é'.repeat(199),
  ),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1e308, 5e-324, 2 ** 53, -(2 ** 53), 0.1, 1e15),
);
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  nasty,
  numbers,
  fc.constantFrom(null, true, false, [], {}, [[]], { a: { a: { a: {} } } }),
);

const asRecord = (value: unknown): Schema => (value ?? {}) as Schema;

/** Valid values of a schema, as far as it says what is valid. */
export function validOf(schema: Schema, components: Components, known: () => readonly string[]): fc.Arbitrary<unknown> {
  const build = (given: Schema, depth: number): fc.Arbitrary<unknown> => {
    const reference = given['$ref'];
    if (typeof reference === 'string') return build(asRecord(components[reference.split('/').at(-1) ?? '']), depth + 1);
    if ('const' in given) return fc.constant(given['const']);
    if (Array.isArray(given['enum'])) return fc.constantFrom(...(given['enum'] as unknown[]));
    for (const word of ['anyOf', 'oneOf'] as const) {
      const options = given[word];
      if (Array.isArray(options)) return fc.oneof(...options.map((option: Schema) => build(option, depth + 1)));
    }
    switch (given['type']) {
      case 'object':
        return objectOf(given, depth);
      case 'array': {
        const least = Number(given['minItems'] ?? 0);
        const most = Math.min(Number(given['maxItems'] ?? SOME_ROWS), Math.max(least, depth > 3 ? 2 : SOME_ROWS));
        if (depth > MAX_DEPTH) return fc.constant([]);
        return fc.array(build(asRecord(given['items']), depth + 1), { minLength: least, maxLength: most });
      }
      case 'string':
        return stringOf(given, known);
      case 'integer':
        return fc.integer({
          min: integerOf(given['minimum'], -1_000_000),
          max: integerOf(given['maximum'], 1_000_000),
        });
      case 'number': {
        const min = Number(given['minimum'] ?? -1e9);
        const max = Number(given['maximum'] ?? 1e12);
        return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, max));
      }
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  };
  const objectOf = (given: Schema, depth: number): fc.Arbitrary<unknown> => {
    const properties = Object.entries(asRecord(given['properties'])) as [string, Schema][];
    const required = (given['required'] ?? []) as string[];
    if (properties.length === 0) {
      const values = given['additionalProperties'] ?? Object.values(asRecord(given['patternProperties']))[0];
      const of =
        values === undefined || typeof values === 'boolean'
          ? fc.jsonValue({ maxDepth: 1 })
          : build(asRecord(values), depth + 1);
      return depth > MAX_DEPTH ? fc.constant({}) : fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), of, { maxKeys: 3 });
    }
    const wanted = depth > MAX_DEPTH ? properties.filter(([name]) => required.includes(name)) : properties;
    const model = Object.fromEntries(wanted.map(([name, property]) => [name, build(property, depth + 1)]));
    return fc.record(model, { requiredKeys: wanted.map(([name]) => name).filter((name) => required.includes(name)) });
  };
  return build(schema, 0);
}

function integerOf(given: unknown, otherwise: number): number {
  return given === undefined ? otherwise : Math.round(Number(given));
}

function stringOf(schema: Schema, known: () => readonly string[]): fc.Arbitrary<unknown> {
  const { pattern, format } = schema as { pattern?: string; format?: string };
  if (format === 'date-time') {
    const times = fc.date({ noInvalidDate: true, min: new Date('1990-01-01'), max: new Date('2030-01-01') });
    return times.map((at) => at.toISOString());
  }
  const minLength = Number(schema['minLength'] ?? 0);
  const maxLength = Math.min(Number(schema['maxLength'] ?? 30), 60);
  const free =
    pattern === undefined
      ? fc.string({ minLength, maxLength: Math.max(minLength, maxLength) })
      : fc.stringMatching(new RegExp(pattern));
  // What is known is asked for when the value is drawn: it grows while requests are answered.
  const met = fc.nat().map((n) => {
    const ids = known();
    return ids.length === 0 ? 'x'.repeat(Math.max(1, minLength)) : ids[n % ids.length];
  });
  const meets = pattern === undefined || known().some((id) => new RegExp(pattern).test(id));
  return meets ? fc.oneof(free, met, met) : free;
}

type Path = readonly (string | number)[];

/** Every place in a JSON value. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  if (Array.isArray(value)) return [at, ...value.slice(0, 20).flatMap((item, i) => pathsOf(item, [...at, i]))];
  if (value !== null && typeof value === 'object')
    return [at, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...at, name]))];
  return [at];
}

function changed(value: unknown, [head, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (head === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, i) => (i === head ? changed(item, rest, change) : item));
  const object = value as Record<string, unknown>;
  const next = changed(object[head], rest, change);
  return { ...object, [head]: next };
}

/** A valid value with one fault: something of another type, too much, too little, or where nothing should be. */
export function faulty(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(valid, fc.nat(), fc.nat(7), anyJson, nasty).map(([value, place, kind, other, text]) => {
    const paths = pathsOf(value);
    const path = paths[place % paths.length];
    return changed(value, path, (old) => {
      switch (kind) {
        case 0:
        case 1:
          return other;
        case 2:
          return text;
        case 3:
          return undefined;
        case 4:
          return typeof old === 'object' && old !== null && !Array.isArray(old) ? { ...old, [text]: other } : [old];
        case 5:
          return Array.isArray(old) ? [...old, ...old, ...old, other] : `${JSON.stringify(old)}`;
        case 6:
          return typeof old === 'number' ? old * 1e12 : typeof old === 'string' ? old + text : null;
        default:
          return { value: old };
      }
    });
  });
}

export { anyJson };
