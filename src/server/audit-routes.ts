/** The audit trail: who did what to which object, when, and how it ended. */
import type { FastifyInstance } from 'fastify';
import { parseInstant } from '../domain/index.ts';
import { answers, needs, type RouteContext } from './route.ts';
import { AuditAnswer, AuditQuery } from './trust-contract.ts';
import { requestInvalid } from './validation.ts';

export function registerAudit(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  app.get<{ Querystring: { since?: string; limit?: number; cursor?: string; listener?: string } }>('/v1/audit', {
    schema: {
      operationId: 'listAudit',
      summary: 'What was done with keys of the scope `admin`, newest first.',
      tags: ['admin'],
      querystring: AuditQuery,
      response: answers(AuditAnswer, 'Entries; `nextCursor` is null on the last page.'),
    },
    onRequest: needs(context, 'admin'),
    handler: async (request) => {
      const { since, limit = 100, cursor, listener } = request.query;
      const sinceMs = since === undefined ? undefined : parseInstant(since);
      if (since !== undefined && sinceMs === undefined)
        throw requestInvalid('query', [{ pointer: '/since', message: 'must be a time of the years 1970 to 2200' }]);
      const entries = await platform.auditEntries({
        sinceMs,
        before: cursor === undefined ? undefined : Number(cursor),
        limit: limit + 1,
        object: listener === undefined ? undefined : platform.auditNameOf(listener),
      });
      const page = entries.slice(0, limit);
      const last = page.at(-1);
      return { entries: page, nextCursor: entries.length > limit && last !== undefined ? String(last.id) : null };
    },
  });
}
