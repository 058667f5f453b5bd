/** What a careless or hostile caller sends, to every route of the HTTP contract. */

import fc from 'fast-check';
import { DEVICES, EVENT_TYPES, ITEM_KINDS } from '../../domain/index.ts';
import type { Call, HttpAnswer } from './caller.ts';

/** Every route, with a place for an id and, where it takes one, the field that its body has; `*` is the body itself. */
const ROUTES = [
  ['PUT', '/v1/items', 'items'],
  ['GET', '/v1/items', null],
  ['GET', '/v1/items/{id}', null],
  ['DELETE', '/v1/items/{id}', null],
  ['PUT', '/v1/listeners/{id}', '*'],
  ['GET', '/v1/listeners/{id}', null],
  ['GET', '/v1/listeners', null],
  ['POST', '/v1/listeners', 'listeners'],
  ['POST', '/v1/events', 'events'],
  ['GET', '/v1/listeners/{id}/home', null],
  ['GET', '/v1/decisions', null],
  ['GET', '/v1/decisions/{id}', null],
  ['POST', '/v1/decisions/{id}/replay', 'verify'],
  ['POST', '/v1/admin/holdout', 'pairs'],
  ['POST', '/v1/keys', 'scopes'],
  ['GET', '/v1/status', null],
  ['GET', '/covers/{id}.svg', null],
] as const;

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'true',
    '-1',
    '1e999',
    '\u0000',
    '\ud800',
    '__proto__',
    '../..',
    'a'.repeat(10_240),
    '\u{1f3b5}'.repeat(100),
  ),
);
/** Ids that are valid and unusual; few of them, so that requests meet. */
const id = fc.constantFrom(
  'a',
  'a/b',
  ' ',
  '%00',
  '"',
  '\u{1f3b5}',
  '\u2028',
  'é'.repeat(200),
  '__proto__',
  'constructor',
  '..',
);
const time = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
    .map((at) => at.toISOString()),
  fc.constantFrom('2026-11-24T11:59:00Z', '2026-11-24T12:00:00+05:30', '2026-11-24'),
);
const anything = fc.anything();
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: anything });

const row = fc.record(
  {
    id: maybe(id),
    kind: maybe(fc.constantFrom(...ITEM_KINDS)),
    title: maybe(fc.oneof(id, nasty)),
    creators: fc.oneof(fc.array(fc.record({ id, name: id }), { maxLength: 2 }), anything),
    parentId: id,
    genres: fc.array(id, { maxLength: 3 }),
    releasedAt: time,
    durationMs: fc.oneof(fc.nat(), fc.double()),
    markets: fc.array(fc.constantFrom('SE', 'ZZ', 'x'), { maxLength: 2 }),
    availableFrom: time,
    attributes: fc.dictionary(nasty, fc.oneof(fc.string(), fc.double(), fc.boolean()), { maxKeys: 2 }),
  },
  { requiredKeys: ['id', 'kind', 'title'] },
);
const event = fc.record(
  {
    eventId: maybe(fc.oneof(id, fc.uuid())),
    listenerId: maybe(id),
    type: maybe(fc.constantFrom(...EVENT_TYPES)),
    occurredAt: maybe(time),
    itemId: maybe(id),
    containerId: id,
    playedMs: maybe(fc.oneof(fc.nat(), fc.constantFrom(864_000_000, 0, -0, 5e-324, -1))),
    durationMs: fc.nat(),
    device: fc.constantFrom(...DEVICES),
    sessionId: id,
    autoplay: fc.boolean(),
    shelfId: maybe(fc.oneof(id, fc.constantFrom('popular', 'more-like:a', 'Popular'))),
    private: fc.constantFrom(true, false, false, 'true'),
    reference: fc.record(
      {
        decisionId: fc.constantFrom('01KDVDNA000000000000000000', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'),
        shelfRank: fc.nat(70),
        cardRank: fc.nat(300),
      },
      { requiredKeys: ['decisionId'] },
    ),
  },
  { requiredKeys: ['eventId', 'listenerId', 'type', 'occurredAt', 'itemId', 'playedMs'] },
);
const profile = fc.record(
  {
    tier: fc.constantFrom('free', 'premium', 'x-1', 'Gold'),
    market: fc.constantFrom('SE', 'ZZ', 'sweden'),
    language: fc.constantFrom('en', 'pt-BR', 'x'),
    ageBand: fc.constantFrom('kid', '55+', 'old'),
    explicitAllowed: fc.boolean(),
    profiling: fc.boolean(),
    flags: fc.array(fc.constantFrom('bot', 'employee', 'cat'), { maxLength: 3 }),
    onboardingPicks: fc.array(id, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const query = fc.record(
  {
    device: maybe(fc.constantFrom(...DEVICES)),
    market: fc.constantFrom('SE', 'ZZ', 'x'),
    tier: fc.constantFrom('free', 'x'),
    at: time,
    explain: fc.constantFrom('true', 'false', '1', 'x'),
    session: maybe(id),
    fresh: fc.constantFrom('true', '0'),
    filter: fc.constantFrom('music', 'podcasts', 'films'),
    private: fc.constantFrom('true', 'no'),
    profiling: fc.constantFrom('on', 'off', 'false'),
    search: fc.oneof(id, nasty),
    kind: fc.constantFrom(...ITEM_KINDS, 'x'),
    limit: fc.constantFrom('1', '200', '0', '-1', '1e3', 'x', '9'.repeat(30)),
    prefix: fc.oneof(id, nasty),
    cursor: fc.oneof(id, nasty),
  },
  { requiredKeys: [] },
);

/** Names of the query that the route takes, and sometimes others. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  '/v1/items': ['search', 'kind', 'limit'],
  '/v1/listeners': ['prefix', 'limit', 'cursor'],
  '/v1/listeners/{id}/home': ['device', 'market', 'tier', 'at', 'explain', 'session', 'fresh'],
  '/v1/decisions': ['limit'],
};

const request = fc.record({
  route: fc.constantFrom(...ROUTES),
  id: fc.oneof(id, nasty),
  query,
  foreignQuery: fc.constantFrom(false, false, false, true),
  body: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        rows: fc.array(maybe(row), { maxLength: 4 }),
        events: fc.array(maybe(event), { maxLength: 4 }),
        profile,
      }),
    },
    { weight: 1, arbitrary: fc.record({ rows: anything, events: anything, profile: anything }) },
  ),
  extra: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: anything }),
  raw: fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  ),
});

/** Throws (with the smallest request that does it) when an answer is 5xx, or a refusal is not a short problem with a remedy. */
export async function sendHostileRequests(
  call: Call,
  { runs, seed }: { readonly runs: number; readonly seed?: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(request, async ({ route, id: place, query: parameters, foreignQuery, body, extra, raw }) => {
      const [method, path, field] = route;
      const names = foreignQuery ? Object.keys(parameters) : (TAKES[path] ?? []);
      const search = new URLSearchParams();
      for (const [name, text] of Object.entries(parameters)) if (names.includes(name)) search.set(name, String(text));
      const url =
        path.replace('{id}', encodeURIComponent(place.toWellFormed())) + (search.size === 0 ? '' : `?${search}`);
      const payload = field === null ? undefined : (raw ?? bodyOf(field, body, extra));
      const headers = { 'content-type': 'application/json' };
      const answer = await call({ method, url, ...(payload === undefined ? {} : { payload, headers }) });
      if (answer.status >= 500) throw new Error(`${method} ${url} answered ${answer.status}: ${answer.text}`);
      if (answer.status >= 400) requireProblem(answer);
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
}

function bodyOf(field: string, body: { rows: unknown; events: unknown; profile: unknown }, extra: unknown): string {
  if (field === '*') return toJson(body.profile);
  const content = field === 'events' ? body.events : body.rows;
  return toJson({ [field]: content, ...(extra === undefined ? {} : { extra }) });
}

function requireProblem({ type, text, problem }: HttpAnswer): void {
  const fits =
    type === 'application/problem+json; charset=utf-8' &&
    /^[A-Z_]+$/.test(problem.code) &&
    problem.remedy.length > 0 &&
    problem.errors.length <= 20 &&
    text.length < 10_000;
  if (!fits) throw new Error(`this is not a short problem with a remedy: ${type} ${text.slice(0, 500)}`);
}

/** JSON of anything that fast-check makes; what JSON cannot say (bigint, values that throw) becomes something else. */
function toJson(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null'
    );
  } catch {
    // A value whose toJSON or accessors throw: any other body does as well.
    return 'null';
  }
}
