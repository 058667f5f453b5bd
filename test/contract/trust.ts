/** The contract of trust: keys and their limits, the audit trail, a person's archive and their erasure. */
import { describe, expect, it } from 'vitest';
import type { AuditList, BegunErasure, CreatedKey, ErasureStatus, RotatedKey } from '../../src/server/index.ts';
import { playOf } from '../support.ts';
import { ask, refused, refusedBodies } from './asking.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };
const NO_KEY = { status: 404, code: 'KEY_NOT_FOUND' };
const NOBODY = { status: 404, code: 'LISTENER_NOT_FOUND' };

export function trustKeepsTheContract(): void {
  describe('keys', () => {
    it('are rotated and limited', async () => {
      const limit = { requestsPerSecond: 0.001, burst: 1 };
      const made = (await ask<CreatedKey>('POST', '/v1/keys', { name: 'tv', scopes: ['serve'], limit })).json;
      expect(made).toMatchObject({ name: 'tv', limit });
      const authorization = `Bearer ${made.secret}`;
      expect((await ask('GET', '/v1/items?limit=1', undefined, { authorization })).status).toBe(200);
      expect((await ask('GET', '/v1/items?limit=1', undefined, { authorization })).problem).toMatchObject({
        status: 429,
        code: 'RATE_LIMITED',
      });
      for (const limit of [{ requestsPerSecond: 50, burst: 100 }, null])
        expect((await ask('PUT', '/v1/keys/tv/limit', { limit })).json).toEqual({ name: 'tv', limit });
      const bad = [undefined, {}, { limit: 7 }, { limit: { ...limit, burst: 0 } }, { limit, colour: 'red' }];
      await refusedBodies('PUT', '/v1/keys/tv/limit', bad, INVALID);
      await refused('PUT', ['/v1/keys/nobody/limit'], NO_KEY, { limit });

      for (const body of [undefined, {}, { overlapSeconds: 60 }]) {
        const { json } = await ask<RotatedKey>('POST', '/v1/keys/tv/rotate', body);
        expect([json.name, json.secret === made.secret]).toEqual(['tv', false]);
      }
      expect((await ask('GET', '/v1/keys')).json).toMatchObject({ keys: [{ name: 'tv', limit: null }] });
      for (const overlapSeconds of [-1, 0.5, 'soon', 8 * 24 * 3600])
        await refusedBodies('POST', '/v1/keys/tv/rotate', [{ overlapSeconds }], INVALID);
      await refused('POST', ['/v1/keys/nobody/rotate'], NO_KEY);
      await refused('POST', ['/v1/keys/%00/rotate'], INVALID);
      expect((await ask('DELETE', '/v1/keys/tv')).json).toEqual({ revoked: true });
    });
  });

  describe('a person', () => {
    const id = 'contract-person';
    const path = `/v1/listeners/${id}`;

    it('gets their archive, is erased with a proof, and the trail says who did it', async () => {
      await refused('GET', [`${path}/export`], NOBODY);
      await ask('PUT', path, { market: 'SE' });
      await ask('GET', `${path}/home`);
      await ask('POST', '/v1/events', { events: [playOf('contract-person-1', id, 'track-00001')] });
      const archive = await ask('GET', `${path}/export`);
      expect([archive.status, archive.type]).toEqual([200, 'application/zip']);
      expect(archive.text.slice(0, 2)).toBe('PK');

      const { status, json: begun } = await ask<BegunErasure>('DELETE', path);
      expect([status, begun.receipt]).toEqual([202, expect.any(String)]);
      let erasure: ErasureStatus;
      do {
        erasure = (await ask<ErasureStatus>('GET', `/v1/erasures/${begun.id}`)).json;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } while (erasure.state !== 'done');
      expect(erasure).toMatchObject({ verification: { occurrences: 0 }, proof: { sequence: 1 }, trouble: null });
      expect((await ask('GET', '/v1/erasures?limit=5')).json).toEqual({ erasures: [erasure] });

      await refused('DELETE', [path, '/v1/listeners/nobody-at-all'], NOBODY);
      await refused('DELETE', ['/v1/listeners/%00'], INVALID);
      await refused('GET', [`${path}/export`, '/v1/listeners/nobody-at-all/export'], NOBODY);
      await refused('GET', [`/v1/erasures/${'0'.repeat(26)}`], { status: 404, code: 'ERASURE_NOT_FOUND' });
      await refused('GET', ['/v1/erasures/nonsense', '/v1/erasures?limit=0', '/v1/erasures?limit=1001'], INVALID);
    });

    it('is told of in the audit trail, which comes in pages', async () => {
      const all = (await ask<AuditList>('GET', '/v1/audit?since=2026-01-01T00:00:00Z&limit=1000')).json.entries;
      expect(all.map(({ route, outcome }) => [route, outcome])).toContainEqual(['DELETE /v1/listeners/:id', 'done']);
      const first = (await ask<AuditList>('GET', '/v1/audit?limit=2')).json;
      expect(first.entries).toEqual(all.slice(0, 2));
      const next = (await ask<AuditList>('GET', `/v1/audit?limit=2&cursor=${first.nextCursor}`)).json;
      expect(next.entries).toEqual(all.slice(2, 4));
      // Who is erased has another name in the trail, which nobody can tell from their id.
      expect(
        (await ask<AuditList>('GET', `/v1/audit?listener=${id}`)).json.entries.map(({ outcome }) => outcome),
      ).not.toContain('done');
      const bad = ['limit=0', 'limit=1001', 'since=yesterday', 'since=2016-12-31T23:59:60Z', 'cursor=x', 'listener='];
      await refused(
        'GET',
        bad.map((query) => `/v1/audit?${query}`),
        INVALID,
      );
    });
  });
}
