/**
 * Who may do what. A key comes as `Authorization: Bearer KEY` and never in the address, where logs and histories keep it.
 * `admin` has every scope.
 */
import { isIP } from 'node:net';
import { type Clock, SECOND_MS, ShelfwiseError } from '../base/index.ts';
import type { ApiKey, ApiScope } from '../platform/index.ts';

/** The name and scopes of a secret, or null when no such key exists. */
export type KeyCheck = (secret: string) => ApiKey | null;

/** A key that went without `forget` stops working after at most this long. */
const REMEMBERED_MS = 5 * SECOND_MS;
const MAX_REMEMBERED = 1000;
const MAX_SECRET = 512;

export interface Guard {
  /** The header's key. Throws UNAUTHORISED or FORBIDDEN unless it has the scope. */
  check(authorization: string | undefined, scope: ApiScope): ApiKey;
  /** Looks every key up again at its next request: one was revoked. */
  forget(): void;
}

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
  return {
    check(authorization, scope) {
      const key = authorization === undefined ? null : keyOf(authorization);
      if (key === null) throw new ShelfwiseError('UNAUTHORISED');
      requireScope(key, scope);
      return key;
    },
    forget: () => remembered.clear(),
  };
}

/** Throws FORBIDDEN. */
export function requireScope(key: ApiKey, scope: ApiScope): void {
  if (key.scopes.includes(scope) || key.scopes.includes('admin')) return;
  throw new ShelfwiseError('FORBIDDEN', `${scope} is needed, the key "${key.name}" has ${key.scopes.join(', ')}`);
}

export function isLoopback(host: string): boolean {
  const name = host.startsWith('[') ? host.slice(1, -1) : host;
  if (name === 'localhost') return true;
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name.startsWith('::ffff:127.');
}
