/** Alerts: what fires and fired, who is told, silences, rules that people add. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AlertView, NewRule, PlatformService, SilenceView } from '../platform/index.ts';
import {
  AlertParams,
  AlertRuleBody,
  AlertRuleParams,
  AlertRulesAnswer,
  AlertsAnswer,
  AlertsQuery,
  CloseAlertBody,
  NoticesAnswer,
  NoticesQuery,
  SilenceBody,
  SilencesAnswer,
  TestAlertsAnswer,
  TestAlertsBody,
} from './alert-contract.ts';
import { answers, answersWith, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

interface ById {
  Params: { id: string };
}

export function registerAlerts(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  registerReading(app, context, platform);
  registerChanging(app, context, platform);
}

function registerReading(app: FastifyInstance, context: RouteContext, platform: PlatformService): void {
  const tags = ['alerts'];
  const onRequest = needs(context, 'explain');

  app.get<{ Querystring: { state?: AlertView['state'] | 'active'; limit?: number } }>('/v1/alerts', {
    schema: {
      operationId: 'listAlerts',
      summary: 'Alerts, newest first: of one state, or all that are kept.',
      tags,
      querystring: AlertsQuery,
      response: answers(AlertsAnswer, 'The alerts.'),
    },
    onRequest,
    handler: async ({ query: { state, limit = 100 } }) => ({ alerts: await platform.alerts({ state, limit }) }),
  });

  app.get('/v1/alerts/silences', {
    schema: {
      operationId: 'listSilences',
      summary: 'Silences that last.',
      tags,
      querystring: NO_QUERY,
      response: answers(SilencesAnswer, 'By their end.'),
    },
    onRequest,
    handler: async () => ({ silences: await platform.silences() }),
  });

  app.get('/v1/alerts/rules', {
    schema: {
      operationId: 'listAlertRules',
      summary: 'The rules in force, those of the configuration and those that people added, and the routes.',
      tags,
      querystring: NO_QUERY,
      response: answers(AlertRulesAnswer, 'Rules, and routes without their addresses and secrets.'),
    },
    onRequest,
    handler: () => platform.alertRules(),
  });

  app.get<{ Querystring: { limit?: number } }>('/v1/alerts/notices', {
    schema: {
      operationId: 'listAlertNotices',
      summary: 'What was sent where, newest first, and what was not.',
      tags,
      querystring: NoticesQuery,
      response: answers(NoticesAnswer, 'Notices without their text.'),
    },
    onRequest,
    handler: async ({ query: { limit = 100 } }) => ({ notices: await platform.alertNotices(limit) }),
  });
}

function registerChanging(app: FastifyInstance, context: RouteContext, platform: PlatformService): void {
  const tags = ['alerts'];
  const onRequest = needs(context, 'admin');
  const bodyLimit = SMALL_BODY_BYTES;

  app.post<ById & { Body: { author: string } }>('/v1/alerts/:id/close', {
    schema: {
      operationId: 'closeAlert',
      summary: 'Ends an alert by hand; it fires anew when its cause is found again.',
      tags,
      params: AlertParams,
      querystring: NO_QUERY,
      body: CloseAlertBody,
      response: answersWith(204, undefined, 'It has ended; on disk.'),
    },
    bodyLimit,
    onRequest,
    handler: async ({ params, body }, reply) => {
      await platform.closeAlert(params.id, body.author);
      return reply.code(204).send();
    },
  });

  app.post<{ Body: Pick<SilenceView, 'matcher' | 'author' | 'reason' | 'untilMs'> }>('/v1/alerts/silences', {
    schema: {
      operationId: 'addSilence',
      summary: 'Tells nobody of the alerts that match, until a time.',
      tags,
      querystring: NO_QUERY,
      body: SilenceBody,
      response: answersWith(201, Type.Ref('AlertSilence'), 'The silence; on disk.'),
    },
    bodyLimit,
    onRequest,
    handler: async ({ body }, reply) => reply.code(201).send(await platform.addSilence(body)),
  });

  app.delete<ById>('/v1/alerts/silences/:id', {
    schema: {
      operationId: 'endSilence',
      summary: 'Ends a silence now.',
      tags,
      params: AlertParams,
      querystring: NO_QUERY,
      response: answersWith(204, undefined, 'It has ended; on disk.'),
    },
    onRequest,
    handler: async ({ params }, reply) => {
      await platform.endSilence(params.id);
      return reply.code(204).send();
    },
  });

  app.post<{ Body: NewRule }>('/v1/alerts/rules', {
    schema: {
      operationId: 'addAlertRule',
      summary: 'Adds a rule beside those of the configuration: alert me on this.',
      tags,
      querystring: NO_QUERY,
      body: AlertRuleBody,
      response: answersWith(201, Type.Ref('AlertRule'), 'The rule as it is in force; on disk.'),
    },
    bodyLimit,
    onRequest,
    handler: async ({ body }, reply) => reply.code(201).send(await platform.addAlertRule(body)),
  });

  app.delete<{ Params: { name: string } }>('/v1/alerts/rules/:name', {
    schema: {
      operationId: 'removeAlertRule',
      summary: 'Removes a rule that a person added; its alerts end.',
      tags,
      params: AlertRuleParams,
      querystring: NO_QUERY,
      response: answersWith(204, undefined, 'It is gone; on disk.'),
    },
    onRequest,
    handler: async ({ params }, reply) => {
      await platform.removeAlertRule(params.name);
      return reply.code(204).send();
    },
  });

  app.post<{ Body: { route?: string } }>('/v1/alerts/test', {
    schema: {
      operationId: 'testAlerts',
      summary: 'Sends a notice that says it is a test, and tells what became of it.',
      tags,
      querystring: NO_QUERY,
      body: TestAlertsBody,
      response: answers(TestAlertsAnswer, 'By route.'),
    },
    bodyLimit,
    onRequest,
    handler: async ({ body }) => ({ routes: await platform.testAlerts(body.route) }),
  });
}
