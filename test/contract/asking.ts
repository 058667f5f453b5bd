/**
 * What the themes of the contract's test share: one real server process on a small world, and `ask`, which holds every answer
 * against what /openapi.json says of its route, status and media type, and notes which operations were answered how.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect } from 'vitest';
import type { Problem } from '../../src/server/index.ts';
import { type Answer, type ServerProcess, type SmallWorld, smallWorld, startServer } from '../support.ts';
import { servePastHomes } from './past-homes.ts';

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  /** Each with the scopes that it asks for; an empty one: open to this machine. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, ResponseObject>>;
}
interface ResponseObject {
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}
interface OpenApi {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, TSchema> };
}
interface Held {
  readonly small: SmallWorld;
  readonly document: OpenApi;
  /** By path, as it is asked for. */
  readonly patterns: readonly { readonly path: string; readonly pattern: RegExp }[];
  server: ServerProcess;
}

const OPTIONS = { learnEveryMs: 0 };

let held: Held;
/** Operations that were answered, with the statuses. */
const answered = new Map<string, Set<number>>();
const judges = new Map<string, ReturnType<typeof Compile>>();

export async function openContract(): Promise<void> {
  const small = await smallWorld('contract');
  await servePastHomes(small.dataDir);
  const server = await startServer(small.dataDir, OPTIONS);
  const { text } = await server.call('GET', '/openapi.json');
  // References by name, as a bundle of schemas has them.
  const document = JSON.parse(text.replaceAll('#/components/schemas/', '')) as OpenApi;
  const patterns = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  held = { small, document, patterns, server };
}

export const closeContract = async (): Promise<void> => held?.server.kill();

export async function restartServer(): Promise<void> {
  await held.server.stop();
  held.server = await startServer(held.small.dataDir, OPTIONS);
}

export const server = (): ServerProcess => held.server;
export const small = (): SmallWorld => held.small;
export const declaredTags = (): readonly string[] => held.document.tags.map(({ name }) => name);
export const statusesOf = (operationId: string): readonly number[] => [...(answered.get(operationId) ?? [])];

/** All operations of the document, with how they are asked for. */
export function operations(): (Operation & { readonly method: string; readonly path: string })[] {
  return Object.entries(held.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** Sends a request; the answer must be one that the document describes, and no 5xx. */
export async function ask<T = unknown>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer<T> & { readonly problem: Problem }> {
  const answer = await held.server.call<T>(method, path, body, headers);
  if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  const pathname = path.split('?', 1)[0];
  const operation = held.patterns
    .filter(({ pattern }) => pattern.test(pathname))
    .map(({ path: template }) => held.document.paths[template][method.toLowerCase()])
    .find((one) => one !== undefined);
  if (operation !== undefined) {
    const statuses = answered.get(operation.operationId) ?? new Set();
    answered.set(operation.operationId, statuses.add(answer.status));
    matches(operation.operationId, operation.responses, answer);
  } else {
    expect([404, 405]).toContain(answer.status);
    matches('Problem', { '4XX': { content: { 'application/problem+json': { schema: problemSchema() } } } }, answer);
  }
  return { ...answer, problem: answer.json as Problem };
}

const problemSchema = () => ({ $ref: 'Problem' }) as unknown as TSchema;

function matches(name: string, responses: Operation['responses'], answer: Answer<unknown>): void {
  const documented = responses[answer.status] ?? responses[`${String(answer.status)[0]}XX`];
  if (documented !== undefined && documented.content === undefined) {
    expect([name, answer.type, answer.text]).toEqual([name, '', '']);
    return;
  }
  const media = answer.type.split(';', 1)[0];
  const schema = documented?.content?.[media]?.schema;
  if (schema === undefined) throw new Error(`${name}: ${answer.status} ${media} is not documented: ${answer.text}`);
  if (!media.endsWith('json') || media.includes('ndjson')) return;
  const key = `${name} ${answer.status} ${media}`;
  const judge = judges.get(key) ?? Compile(held.document.components.schemas, schema);
  judges.set(key, judge);
  const errors = [...judge.Errors(answer.json)];
  if (errors.length > 0)
    throw new Error(`${key}: ${JSON.stringify(errors.slice(0, 3))} in ${answer.text.slice(0, 500)}`);
}

/** Every one of these paths is refused so. */
export async function refused(
  method: string,
  paths: readonly string[],
  problem: Partial<Problem>,
  body?: unknown,
): Promise<void> {
  for (const path of paths)
    expect({ path, ...(await ask(method, path, body)).problem }).toMatchObject({ path, ...problem });
}

/** Every one of these bodies is refused so. */
export async function refusedBodies(
  method: string,
  path: string,
  bodies: readonly unknown[],
  problem: Partial<Problem>,
): Promise<void> {
  for (const body of bodies)
    expect({ body, ...(await ask(method, path, body)).problem }).toMatchObject({ body, ...problem });
}
