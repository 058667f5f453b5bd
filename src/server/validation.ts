/**
 * Checks requests against the contract's schemas with compiled TypeBox validators: the same library that the platform
 * judges rows with, and one that stops collecting errors early, so that a hostile body cannot make the list explode.
 */
import type { FastifySchemaCompiler } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ShelfwiseError } from '../base/index.ts';
import { COMPONENTS, ROW_BY_ROW } from './contract.ts';

export interface FieldError {
  /** A JSON pointer. */
  readonly pointer: string;
  readonly message: string;
}

/** Errors that one problem lists at most. */
const MAX_ERRORS = 20;
/** Values with more nodes than this are not searched for every error: the first stands for all. */
const MAX_SEARCHED_NODES = 50_000;
const MAX_POINTER = 200;

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** `anyOf` of constant strings says `enum`: shorter to read, and one error instead of one a constant. */
export function plain(schema: TSchema): TSchema {
  return mapSchema(schema, (node) => {
    const options = node['anyOf'];
    if (!Array.isArray(options) || !options.every((option) => isObject(option) && typeof option['const'] === 'string'))
      return node;
    const { anyOf: _, ...rest } = node;
    return { type: 'string', ...rest, enum: options.map((option) => option['const']) };
  });
}

/** Arrays that are judged row by row let any row pass here. */
function withoutRows(schema: TSchema): TSchema {
  return mapSchema(schema, (node) => (node[ROW_BY_ROW] === true ? { ...node, items: {} } : node));
}

function mapSchema(schema: unknown, change: (node: Json) => Json): TSchema {
  if (Array.isArray(schema)) return schema.map((inner) => mapSchema(inner, change)) as unknown as TSchema;
  if (!isObject(schema)) return schema as unknown as TSchema;
  const copy: Json = Object.create(Object.getPrototypeOf(schema), Object.getOwnPropertyDescriptors(schema));
  for (const [key, inner] of Object.entries(schema)) copy[key] = mapSchema(inner, change);
  return change(copy) as unknown as TSchema;
}

/** A compiled schema: gives nothing when the value fits, otherwise what is wrong with it. */
export type Judge = (value: unknown) => readonly FieldError[] | undefined;

/** Compiled when the first value comes: a command that asks one route does not wait for the schemas of all. */
export function judgeOf(schema: TSchema): Judge {
  let compiled: ReturnType<typeof compile> | undefined;
  return (value) => {
    compiled ??= compile(schema);
    const validator = compiled;
    if (validator.Check(value)) return undefined;
    if (countNodes(value, MAX_SEARCHED_NODES) >= MAX_SEARCHED_NODES) return [oversized(schema, value)];
    const found: FieldError[] = [];
    for (const error of validator.Errors(value)) {
      if (error.keyword === 'additionalProperties') continue;
      const pointer = error.instancePath.slice(0, MAX_POINTER);
      const message = error.keyword === 'boolean' ? 'is not a known field' : messageOf(error);
      if (found.length < MAX_ERRORS) found.push({ pointer, message });
    }
    return found.length > 0 ? found : [{ pointer: '', message: 'does not match its schema' }];
  };
}

function compile(schema: TSchema) {
  return Compile(COMPONENTS as Record<string, TSchema>, withoutRows(plain(schema)));
}

function messageOf(error: { keyword: string; message: string; params: unknown }): string {
  const params = isObject(error.params) ? error.params : {};
  if (error.keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    return `must be one of ${params['allowedValues'].join(', ')}`;
  }
  if (error.keyword === 'required' && Array.isArray(params['requiredProperties'])) {
    return `must have ${params['requiredProperties'].join(', ')}`;
  }
  return error.message;
}

function oversized(schema: TSchema, value: unknown): FieldError {
  const properties = (schema as unknown as Json)['properties'];
  if (isObject(properties) && isObject(value)) {
    for (const [name, property] of Object.entries(properties)) {
      const maxItems = isObject(property) ? property['maxItems'] : undefined;
      const rows = value[name];
      if (typeof maxItems === 'number' && Array.isArray(rows) && rows.length > maxItems) {
        return { pointer: `/${name}`, message: `must not have more than ${maxItems} rows; it has ${rows.length}` };
      }
    }
  }
  return { pointer: '', message: 'does not match its schema, and is too large to name every place' };
}

/** Nodes of a JSON value; stops at `limit`. */
function countNodes(value: unknown, limit: number): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && count < limit) {
    const node = open.pop();
    count++;
    if (Array.isArray(node)) {
      if (count + open.length + node.length >= limit) return limit;
      for (const inner of node) open.push(inner);
    } else if (isObject(node)) {
      for (const key in node) open.push(node[key]);
    }
  }
  return Math.min(count + open.length, limit);
}

export function requestInvalid(part: string, errors: readonly FieldError[]): ShelfwiseError {
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? `the ${part}` : `${part} ${first.pointer}`;
  return new ShelfwiseError('REQUEST_INVALID', `${where} ${first?.message ?? 'is not valid'}`, { details: { errors } });
}

/** For fastify: compiles the schemas of params, querystring and body. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const judge = judgeOf(schema);
  const part = httpPart === 'querystring' ? 'query' : httpPart === 'params' ? 'path' : 'body';
  const convert = part === 'query' ? queryConverter(schema) : undefined;
  return (data: unknown) => {
    const value = convert === undefined ? data : convert(data);
    const errors = judge(value);
    return errors === undefined ? { value } : { error: requestInvalid(part, errors) };
  };
};

/** Query parameters are text: makes numbers and booleans of those that read as such, and leaves the rest to be refused. */
function queryConverter(schema: TSchema): (query: unknown) => unknown {
  const properties = (schema as unknown as Json)['properties'];
  const kinds = new Map<string, string>();
  if (isObject(properties)) {
    for (const [name, property] of Object.entries(properties)) {
      const type = isObject(property) ? property['type'] : undefined;
      if (type === 'integer' || type === 'number' || type === 'boolean') kinds.set(name, type);
    }
  }
  return (query) => {
    if (!isObject(query)) return query;
    for (const [name, type] of kinds) {
      const text = query[name];
      if (typeof text !== 'string') continue;
      if (type === 'boolean') {
        if (text === 'true' || text === '1' || text === '') query[name] = true;
        else if (text === 'false' || text === '0') query[name] = false;
      } else if (/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) {
        query[name] = Number(text);
      }
    }
    return query;
  };
}

/** An object type with nothing in it: for routes that take no query. */
export const NO_QUERY = Type.Object({}, { additionalProperties: false });
