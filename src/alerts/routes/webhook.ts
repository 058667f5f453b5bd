/** Webhooks as the Standard Webhooks specification 1.0 has them: any of its libraries verifies them. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { MINUTE_MS, SECOND_MS, ShelfwiseError } from '../../base/index.ts';
import { checkedUrl, post } from './post.ts';
import type { Route } from './route.ts';

export interface WebhookRoute {
  readonly to: 'webhook';
  readonly name: string;
  readonly url: string;
  /** `whsec_` and base64 of 24 to 64 bytes. Each signs, so that receivers may change theirs one after the other. */
  readonly secrets: readonly string[];
}

export function webhookRoute({ name, url, secrets }: WebhookRoute, timeoutMs: number): Route {
  const owner = `alert route "${name}"`;
  const href = checkedUrl(owner, url);
  const keys = secrets.map((secret) => keyOf(owner, secret));
  if (keys.length === 0) throw new ShelfwiseError('OPTION_INVALID', `${owner}: secrets is empty`);
  return {
    name,
    send: (notice, nowMs) => {
      const { id, event, atMs, alerts } = notice;
      const body = JSON.stringify({
        type: `alerts.${event}`,
        timestamp: new Date(atMs).toISOString(),
        data: { id, alerts },
      });
      const timestamp = Math.floor(nowMs / SECOND_MS);
      const headers = {
        'webhook-id': id,
        'idempotency-key': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': keys.map((key) => `v1,${signature(key, id, timestamp, body)}`).join(' '),
      };
      return post(href, headers, body, timeoutMs);
    },
    close: () => {},
  };
}

/**
 * For receivers: whether one of the signatures is right and the message no older or newer than `toleranceMs`.
 * @param body the bytes as they came, as text
 */
export function verifyWebhook(
  secret: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  nowMs: number,
  toleranceMs: number = 5 * MINUTE_MS,
): boolean {
  const header = (name: string): string => String(headers[name] ?? '');
  const timestamp = Number(header('webhook-timestamp'));
  if (!(Math.abs(nowMs - timestamp * SECOND_MS) <= toleranceMs)) return false;
  const key = keyOf('verifyWebhook', secret);
  const expected = Buffer.from(signature(key, header('webhook-id'), timestamp, body));
  return header('webhook-signature')
    .split(' ')
    .map((given) => Buffer.from(given.replace(/^v1,/, '')))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

const signature = (key: Buffer, id: string, timestamp: number, body: string): string =>
  createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');

function keyOf(owner: string, secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (!secret.startsWith('whsec_') || key.length < 24 || key.length > 64) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: a secret is whsec_ and base64 of 24 to 64 bytes`);
  }
  return key;
}
