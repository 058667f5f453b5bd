/**
 * Who may do what. A key comes as `Authorization: Bearer KEY` and never in the address, where logs and histories keep it.
 * `admin` has every scope.
 */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { type Clock, SECOND_MS, ShelfwiseError } from '../base/index.ts';
import type { ApiKey, ApiScope } from '../platform/index.ts';

/** The name and scopes of a secret, or null when no such key exists. */
export type KeyCheck = (secret: string) => ApiKey | null;

/** A revoked key stops working after at most this long. */
const REMEMBERED_MS = 5 * SECOND_MS;
const MAX_REMEMBERED = 1000;
const MAX_SECRET = 512;

/** Throws UNAUTHORISED or FORBIDDEN unless the header's key has the scope. */
export type Guard = (authorization: string | undefined, scope: ApiScope) => void;

/** Good keys are remembered for a few seconds, so that a request does not cost a look into the metadata. */
export function createGuard(keys: KeyCheck, clock: Clock): Guard {
  const remembered = new Map<string, { readonly key: ApiKey; readonly untilMs: number }>();
  const keyOf = (authorization: string): ApiKey | null => {
    const held = remembered.get(authorization);
    const nowMs = clock.monotonicMs();
    if (held !== undefined && held.untilMs > nowMs) return held.key;
    remembered.delete(authorization);
    const match = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization);
    if (match === null || match[1].length > MAX_SECRET) return null;
    const key = keys(match[1]);
    if (key === null) return null;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(authorization, { key, untilMs: nowMs + REMEMBERED_MS });
    return key;
  };
  return (authorization, scope) => {
    const key = authorization === undefined ? null : keyOf(authorization);
    if (key === null) throw new ShelfwiseError('UNAUTHORISED');
    if (!key.scopes.includes(scope) && !key.scopes.includes('admin')) {
      throw new ShelfwiseError('FORBIDDEN', `${scope} is needed, the key "${key.name}" has ${key.scopes.join(', ')}`);
    }
  };
}

export function isLoopback(host: string): boolean {
  const name = host.startsWith('[') ? host.slice(1, -1) : host;
  if (name === 'localhost') return true;
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name.startsWith('::ffff:127.');
}

/** Name of the Host header, without its port. */
function hostName(header: string | undefined): string {
  return header === undefined ? '' : header.replace(/:\d+$/, '');
}

/**
 * May this request be answered with a page that holds the key? Only when it comes from this machine, names this machine
 * (a page of another site that rebinds its name to 127.0.0.1 has another Host), and did not pass through a proxy.
 */
export function isFromThisMachine(request: FastifyRequest): boolean {
  const { headers } = request;
  return (
    isLoopback(hostName(headers.host)) &&
    isLoopback(request.ip) &&
    headers['forwarded'] === undefined &&
    headers['x-forwarded-for'] === undefined &&
    headers['x-forwarded-host'] === undefined &&
    headers['via'] === undefined
  );
}
