import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { PageSchema } from '../domain/index.ts';
import { API_SCOPES } from '../platform/index.ts';
import {
  type DoctorReport,
  type DoctorReportSchema,
  openApiDocument,
  type RebuildReport,
  type RebuildReportSchema,
  type ReplayReport,
  type ReplayReportSchema,
  type RetrievalReport,
  type RetrievalReportSchema,
} from './index.ts';
import { openTestServer } from './open-test-server.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Record<string, { readonly description?: string }>;
  readonly security?: readonly object[];
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: Record<string, object> };
}

const document = (await openApiDocument('1.2.3')) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  it('is what /openapi.json answers', async () => {
    const { app, platform } = await openTestServer();
    expect((await app.inject('/openapi.json')).json()).toEqual(
      JSON.parse(JSON.stringify(await openApiDocument(platform.status().version))),
    );
    await app.close();
  });

  it('is 3.1 and describes every route', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Shelfwise', version: '1.2.3' });
    const { app } = await openTestServer();
    for (const { path, method } of operations) {
      const url = path === '/covers/{id}.svg' ? '/covers/:file' : path.replaceAll(/\{(\w+)\}/g, ':$1');
      expect([path, app.hasRoute({ method: method.toUpperCase() as 'GET', url })]).toEqual([path, true]);
    }
    await app.close();
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toMatchInlineSnapshot(`
      [
        "DELETE /v1/alerts/rules/{name}",
        "DELETE /v1/alerts/silences/{id}",
        "DELETE /v1/campaigns/{id}",
        "DELETE /v1/items/{id}",
        "DELETE /v1/keys/{name}",
        "DELETE /v1/listeners/{id}",
        "GET /api/recommend/{userId}",
        "GET /api/recommend/{userId}/{category}",
        "GET /covers/{id}.svg",
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "GET /v1/alerts",
        "GET /v1/alerts/notices",
        "GET /v1/alerts/rules",
        "GET /v1/alerts/silences",
        "GET /v1/audit",
        "GET /v1/campaigns",
        "GET /v1/campaigns/{id}",
        "GET /v1/configuration",
        "GET /v1/data/anomalies",
        "GET /v1/data/schemas",
        "GET /v1/data/schemas/{name}",
        "GET /v1/data/sets",
        "GET /v1/data/slices",
        "GET /v1/data/statistics",
        "GET /v1/data/timeline",
        "GET /v1/decisions",
        "GET /v1/decisions/{id}",
        "GET /v1/erasures",
        "GET /v1/erasures/{id}",
        "GET /v1/evaluation/policies",
        "GET /v1/insights/live",
        "GET /v1/insights/shelves",
        "GET /v1/items",
        "GET /v1/items/{id}",
        "GET /v1/items/{id}/children",
        "GET /v1/items/{id}/exposure",
        "GET /v1/items/{id}/neighbours",
        "GET /v1/items/{id}/relatives",
        "GET /v1/keys",
        "GET /v1/listeners",
        "GET /v1/listeners/{id}",
        "GET /v1/listeners/{id}/decisions",
        "GET /v1/listeners/{id}/export",
        "GET /v1/listeners/{id}/home",
        "GET /v1/listeners/{id}/playlists",
        "GET /v1/listeners/{id}/state",
        "GET /v1/listeners/{id}/timeline",
        "GET /v1/models",
        "GET /v1/models/{hash}",
        "GET /v1/models/{hash}/onnx",
        "GET /v1/playlists/{id}",
        "GET /v1/status",
        "GET /v1/switches",
        "POST /api/feedback",
        "POST /api/item",
        "POST /api/items",
        "POST /api/user",
        "POST /api/users",
        "POST /feedback",
        "POST /personalizer/v1.0/events/{eventId}/activate",
        "POST /personalizer/v1.0/events/{eventId}/reward",
        "POST /personalizer/v1.0/rank",
        "POST /rank/{model}",
        "POST /v1/admin/compact",
        "POST /v1/admin/doctor",
        "POST /v1/admin/evaluate-retrieval",
        "POST /v1/admin/fit",
        "POST /v1/admin/holdout",
        "POST /v1/admin/rebuild-state",
        "POST /v1/alerts/rules",
        "POST /v1/alerts/silences",
        "POST /v1/alerts/test",
        "POST /v1/alerts/{id}/close",
        "POST /v1/data/examine",
        "POST /v1/data/schemas/{name}/accept",
        "POST /v1/data/schemas/{name}/undo",
        "POST /v1/decisions/{id}/instead",
        "POST /v1/decisions/{id}/replay",
        "POST /v1/evaluation/compare",
        "POST /v1/evaluation/log",
        "POST /v1/events",
        "POST /v1/events/beacon",
        "POST /v1/examination/estimate",
        "POST /v1/keys",
        "POST /v1/keys/{name}/rotate",
        "POST /v1/listeners",
        "POST /v1/models/import",
        "POST /v1/models/rollback",
        "POST /v1/models/train",
        "POST /v1/models/{hash}/promote",
        "PUT /api/feedback",
        "PUT /v1/campaigns/{id}",
        "PUT /v1/items",
        "PUT /v1/keys/{name}/limit",
        "PUT /v1/listeners/{id}",
        "PUT /v1/switches",
      ]
    `);
  });

  it('gives every operation an id of its own, a summary and described answers', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      expect(operation.summary).toMatch(/\.$/);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      for (const response of Object.values(operation.responses)) expect(response.description).toBeTruthy();
      for (const name of [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])) {
        expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }));
      }
      if (path.startsWith('/v1/')) expect(operation.security).toEqual([{ key: [expect.toBeOneOf([...API_SCOPES])] }]);
    }
  });

  it('says which bodies must be sent', () => {
    const optional = operations.filter(({ operation }) => operation.requestBody?.required === false);
    expect(optional.map(({ path }) => path)).toEqual(['/v1/decisions/{id}/replay', '/v1/keys/{name}/rotate']);
  });

  it('refers only to components that are there, and names the nouns', () => {
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]));
    for (const reference of references) {
      expect(reference).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(Object.keys(document.components.schemas)).toContain(reference.split('/').at(-1));
    }
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Item', 'Event', 'Page', 'Problem', 'ListenerProfile', 'ReplayReport']),
    );
    expect(text).not.toContain('"$id"');
  });

  it('describes the pages that are served', async () => {
    const { app, platform } = await openTestServer();
    await platform.upsertItems([{ id: 'a', kind: 'album', title: 'A' }]);
    const headers = { authorization: `Bearer ${platform.adminKey}` };
    const page = (await app.inject({ url: '/v1/listeners/x/home?explain=true', headers })).json();
    expect(Compile(PageSchema).Errors(page)).toEqual([]);
    await app.close();
  });
});

describe('the contract', () => {
  it('says the same as the service behind it', () => {
    expectTypeOf<Static<typeof ReplayReportSchema>>().toEqualTypeOf<Mutable<ReplayReport>>();
    expectTypeOf<Static<typeof RebuildReportSchema>>().toEqualTypeOf<Mutable<RebuildReport>>();
    expectTypeOf<Static<typeof RetrievalReportSchema>>().toEqualTypeOf<Mutable<RetrievalReport>>();
    expectTypeOf<Static<typeof DoctorReportSchema>>().toEqualTypeOf<Mutable<DoctorReport>>();
  });
});

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
