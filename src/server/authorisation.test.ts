/**
 * Every route of the OpenAPI document against every set of scopes, without a key, and with a key in the wrong place. Nothing
 * here names a route: one that is added is tested by being in the document, and one that names no scope fails.
 */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_SCOPES, type ApiScope } from '../platform/index.ts';
import { openApiDocument } from './index.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

interface Operation {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly securitySchemes: Record<string, { type: string; in?: string; name?: string; scheme?: string }>;
  };
}

const document = (await openApiDocument('1.0.0')) as Document;
const { securitySchemes } = document.components;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { security = [] }]) => ({
    method: method.toUpperCase() as 'GET',
    path,
    url: path.replaceAll(/\{\w+\}/g, 'x'),
    security,
    /** Open to this machine: an empty requirement stands beside the scope. */
    openHere: security.some((requirement) => Object.keys(requirement).length === 0),
  })),
);
const guarded = operations.filter(({ security, openHere }) => security.length > 0 && !openHere);

/** Routes that need no key anywhere, and why: health is asked by machines without one, pictures by `<img>`. */
const OPEN = ['/healthz', '/readyz', '/covers/{id}.svg'];
const OPEN_HERE = ['/metrics', '/openapi.json'];

const subsets = Array.from({ length: 2 ** API_SCOPES.length }, (_, bits) =>
  API_SCOPES.filter((_scope, i) => (bits & (1 << i)) !== 0),
);

describe('every route of the OpenAPI document', () => {
  let server: TestServer;
  let app: FastifyInstance;
  const secrets = new Map<string, string>();
  beforeAll(async () => {
    server = await openTestServer();
    app = server.app;
    for (const scopes of subsets) {
      secrets.set(scopes.join(' '), await server.platform.createKey(`key-${scopes.join('-')}`, scopes));
    }
  });
  afterAll(() => app.close());

  /** `undefined` where the answer is not about keys. */
  const refusal = async (
    method: 'GET',
    url: string,
    headers: Record<string, string>,
    payload?: object,
  ): Promise<string | undefined> => {
    const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    if (answer.statusCode !== 401 && answer.statusCode !== 403) return undefined;
    return `${answer.statusCode} ${(answer.json() as { code: string }).code}`;
  };

  it('names its scope, or is one of the few that need none', () => {
    expect(guarded.length).toBeGreaterThan(20);
    for (const { method, path, security, openHere } of operations) {
      if (security.length === 0) {
        expect([method, OPEN.includes(path)]).toEqual(['GET', true]);
        continue;
      }
      if (openHere) expect(OPEN_HERE).toContain(path);
      const scopes = security.flatMap((requirement) => Object.values(requirement).flat());
      expect([path, new Set(scopes).size, scopes.every((scope) => API_SCOPES.includes(scope as ApiScope))]).toEqual([
        path,
        1,
        true,
      ]);
      for (const scheme of security.flatMap((requirement) => Object.keys(requirement)))
        expect(Object.keys(securitySchemes)).toContain(scheme);
    }
  });

  it('takes keys in headers alone: no scheme of the document is for the address or a cookie', () => {
    for (const scheme of Object.values(securitySchemes)) {
      if (scheme.type === 'http') expect(scheme.scheme).toBe('bearer');
      else expect(scheme).toMatchObject({ type: 'apiKey', in: 'header' });
    }
  });

  it.each(guarded.map(({ method, path, ...rest }) => ({ name: `${method} ${path}`, method, path, ...rest })))(
    '$name is reached with its scope alone',
    async ({ method, url, security }) => {
      const [scope] = security.flatMap((requirement) => Object.values(requirement).flat());
      const schemes = security.flatMap((requirement) => Object.keys(requirement));
      const admin = server.platform.adminKey;
      const nowhere: Record<string, string>[] = [
        {},
        { authorization: '' },
        { authorization: 'Bearer nonsense' },
        { authorization: `Basic ${Buffer.from(`x:${admin}`).toString('base64')}` },
        { authorization: admin },
        { cookie: `key=${admin}; authorization=Bearer ${admin}` },
      ];
      for (const headers of nowhere) expect(await refusal(method, url, headers)).toBe('401 UNAUTHORISED');
      for (const name of ['key', 'api_key', 'apikey', 'access_token', 'token', 'authorization', 'x-api-key']) {
        for (const secret of [admin, `Bearer ${admin}`])
          expect(await refusal(method, `${url}?${name}=${encodeURIComponent(secret)}`, {})).toBe('401 UNAUTHORISED');
      }
      for (const scheme of schemes) {
        const { type, name = 'authorization' } = securitySchemes[scheme];
        const header = (secret: string) => ({ [name]: type === 'http' ? `Bearer ${secret}` : secret });
        for (const scopes of subsets) {
          const allowed = scopes.includes(scope as ApiScope) || scopes.includes('admin');
          const secret = secrets.get(scopes.join(' ')) ?? '';
          expect([scheme, scopes, await refusal(method, url, header(secret))]).toEqual([
            scheme,
            scopes,
            allowed ? undefined : '403 FORBIDDEN',
          ]);
        }
      }
      // A header that the document does not name for this route is none.
      const others = Object.entries(securitySchemes).filter(([scheme]) => !schemes.includes(scheme));
      for (const [, { type, name = 'authorization' }] of others) {
        const value = type === 'http' ? `Bearer ${admin}` : admin;
        expect([name, await refusal(method, url, { [name]: value })]).toEqual([name, '401 UNAUTHORISED']);
      }
    },
  );

  it('is open here, and beyond this machine to its scope alone, where the document says so', async () => {
    for (const { method, url } of operations.filter(({ openHere }) => openHere))
      expect(await refusal(method, url, {})).toBeUndefined();
  });
});
