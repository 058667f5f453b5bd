/** The four ways out. */
import { requireOneOf } from '../../base/index.ts';
import { type AlertLogger, type LogRoute, logRoute } from './log.ts';
import { type MailRoute, mailRoute } from './mail.ts';
import type { Route } from './route.ts';
import { type SlackRoute, slackRoute } from './slack.ts';
import { type WebhookRoute, webhookRoute } from './webhook.ts';

export type RouteOptions = WebhookRoute | SlackRoute | MailRoute | LogRoute;

export function openRoute(options: RouteOptions, logger: AlertLogger, timeoutMs: number): Route {
  requireOneOf(`alert route "${options.name}"`, 'to', options.to, ['webhook', 'slack', 'mail', 'log']);
  switch (options.to) {
    case 'webhook':
      return webhookRoute(options, timeoutMs);
    case 'slack':
      return slackRoute(options, timeoutMs);
    case 'mail':
      return mailRoute(options, timeoutMs);
    case 'log':
      return logRoute(options, logger);
  }
}

export type { AlertLogger, LogRoute } from './log.ts';
export type { MailRoute } from './mail.ts';
export type { Route } from './route.ts';
export type { SlackRoute } from './slack.ts';
export { verifyWebhook, type WebhookRoute } from './webhook.ts';
