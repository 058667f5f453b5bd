/** Requests for the operations of an OpenAPI document, and what their answers may be. */
import fc from 'fast-check';
import { anyJson, type Components, faulty, type KnownIds, nasty, type Schema, validOf } from './arbitraries.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Answer {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
export interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId: string;
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
            readonly responses: Readonly<Record<string, Answer>>;
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Components };
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly media: string; readonly schema: Schema } | undefined;
  readonly responses: Readonly<Record<string, Answer>>;
  /** Long work, which answers with its progress when asked: it is run seldom, and may take its time. */
  readonly isJob: boolean;
}

export interface FuzzRequest {
  readonly operation: Operation;
  readonly method: string;
  /** Percent-encoded, with the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const [body] = Object.entries(operation.requestBody?.content ?? {});
      const media = Object.values(operation.responses).flatMap(({ content = {} }) => Object.keys(content));
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        body: body === undefined ? undefined : { media: body[0], schema: body[1].schema },
        responses: operation.responses,
        isJob: media.includes('application/x-ndjson'),
      };
    }),
  );
}

/** Characters that an address may hold as they are; what is not valid UTF-16 becomes U+FFFD. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Valid, faulty and hostile requests to one operation. */
export function requestsTo(operation: Operation, components: Components, known: KnownIds): fc.Arbitrary<FuzzRequest> {
  const collectionOf = (name: string): string =>
    new RegExp(`/([a-z]+)/\\{${name}\\}`).exec(operation.path)?.[1] ?? 'items';
  const chosenFor = (parameter: Parameter) =>
    validOf(parameter.schema, components, () => known.of(collectionOf(parameter.name)));
  const pathParts = operation.parameters
    .filter((parameter) => parameter.in === 'path')
    .map((parameter) =>
      fc
        .oneof({ weight: 6, arbitrary: chosenFor(parameter) }, { weight: 1, arbitrary: nasty })
        .map((chosen) => [parameter.name, encoded(String(chosen)) || '%20'] as const),
    );
  const queryParts = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) =>
      fc
        .option(fc.oneof({ weight: 6, arbitrary: chosenFor(parameter) }, { weight: 1, arbitrary: anyJson }), {
          freq: parameter.required === true ? 20 : 1,
          nil: undefined,
        })
        .map((chosen) => (chosen === undefined ? undefined : `${parameter.name}=${encoded(textOf(chosen))}`)),
    );
  const strangeQuery = fc.oneof(
    { weight: 12, arbitrary: fc.constant<string | undefined>(undefined) },
    { weight: 1, arbitrary: fc.tuple(nasty, nasty).map(([name, text]) => `${encoded(name)}=${encoded(text)}`) },
    { weight: 1, arbitrary: fc.constantFrom('%', 'a=%zz', '&&&', 'limit=1&limit=2', '__proto__[x]=1') },
  );
  return fc
    .tuple(
      fc.tuple(...pathParts),
      fc.tuple(...queryParts),
      strangeQuery,
      bodiesOf(operation, components, known),
      acceptOf(operation),
    )
    .map(([path, query, strange, { body, headers }, accept]) => {
      let url = operation.path;
      for (const [name, text] of path) url = url.replace(`{${name}}`, text);
      const asked = [...query, strange].filter((part) => part !== undefined).join('&');
      return {
        operation,
        method: operation.method,
        url: asked === '' ? url : `${url}?${asked}`,
        headers: { ...headers, ...accept },
        body,
      };
    });
}

function textOf(chosen: unknown): string {
  return typeof chosen === 'string' ? chosen : (JSON.stringify(chosen) ?? '');
}

interface Body {
  readonly body: Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function bodiesOf(operation: Operation, components: Components, known: KnownIds): fc.Arbitrary<Body> {
  const json = { 'content-type': 'application/json' };
  const sent = (text: string, headers: Record<string, string> = json): Body => ({ body: Buffer.from(text), headers });
  if (operation.body === undefined) {
    return fc.oneof(
      { weight: 12, arbitrary: fc.constant<Body>({ body: undefined, headers: {} }) },
      { weight: 1, arbitrary: anyJson.map((value) => sent(JSON.stringify(value) ?? '')) },
    );
  }
  const { media, schema } = operation.body;
  const own = { 'content-type': media };
  const valid = validOf(schema, components, () => known.of('items'));
  const text = (value: unknown): string => JSON.stringify(value) ?? '';
  return fc.oneof(
    { weight: 8, arbitrary: valid.map((value) => sent(text(value), own)) },
    { weight: 8, arbitrary: faulty(valid).map((value) => sent(text(value), own)) },
    { weight: 3, arbitrary: faulty(faulty(valid)).map((value) => sent(text(value), own)) },
    { weight: 2, arbitrary: anyJson.map((value) => sent(text(value), own)) },
    // Cut off in the middle.
    {
      weight: 1,
      arbitrary: fc.tuple(valid, fc.nat(100)).map(([value, at]) => sent(text(value).slice(0, at), own)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((body): Body => ({ body, headers: own })) },
    { weight: 1, arbitrary: fc.constant<Body>({ body: undefined, headers: {} }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(valid, fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-16', 'x', ''))
        .map(([value, type]) => sent(text(value), { 'content-type': type })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        sent('['.repeat(20_000)),
        sent(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
        sent('{"__proto__":{"x":1}}'),
        sent('{"constructor":{"prototype":{"x":1}}}'),
        sent('\ufeff{}'),
        sent(`"${'a'.repeat(100_000)}"`),
        sent(`[${'0,'.repeat(50_000)}0]`),
        sent('1e99999'),
        sent('{"a":1,"a":2}'),
      ),
    },
  );
}

function acceptOf(operation: Operation): fc.Arbitrary<Record<string, string>> {
  return fc.oneof(
    { weight: 10, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(
          'application/json',
          '*/*',
          'text/html',
          'x',
          operation.isJob ? 'application/x-ndjson' : 'image/png',
        )
        .map((accept) => ({ accept })),
    },
  );
}

/** What is wrong with an answer by the document; undefined when nothing is. */
export function complaintOf(
  { responses }: Operation,
  { status, type, text }: { readonly status: number; readonly type: string; readonly text: string },
): string | undefined {
  const media = type.split(';')[0].trim();
  if (status >= 500 && status !== 503 && status !== 507) return `answered ${status}`;
  const documented =
    responses[String(status)] ??
    responses[`${Math.floor(status / 100)}XX`] ??
    responses[`${Math.floor(status / 100)}xx`];
  if (documented === undefined) return `answered ${status}, which its description does not have`;
  if (status === 204 && text === '') return undefined;
  const medias = Object.keys(documented.content ?? {});
  if (medias.length === 0) return text === '' ? undefined : 'has a body where its description has none';
  if (!medias.includes(media)) return `answered ${status} as "${media}"; described are ${medias.join(', ')}`;
  if (media !== 'application/json' && media !== 'application/problem+json') return undefined;
  try {
    const json = JSON.parse(text) as { code?: unknown; remedy?: unknown };
    if (status >= 400 && (typeof json.code !== 'string' || typeof json.remedy !== 'string'))
      return 'answered a problem without a code or a remedy';
    return undefined;
  } catch {
    return 'answered JSON that does not parse';
  }
}
