/**
 * Who may do what, and how often. A key comes as `Authorization: Bearer KEY` and never in the address, where logs and
 * histories keep it. `admin` has every scope.
 */
import { isIP } from 'node:net';
import { type Clock, SECOND_MS, ShelfwiseError } from '../base/index.ts';
import type { ApiKey, ApiScope, VerifiedKey } from '../platform/index.ts';
import { TokenBucket } from './token-bucket.ts';

/** The key of a secret, or null when there is none. */
export type KeyCheck = (secret: string) => VerifiedKey | null;

/** A key that went without `forget` stops working after at most this long. */
const REMEMBERED_MS = 5 * SECOND_MS;
const MAX_REMEMBERED = 1000;
const MAX_SECRET = 512;

export interface Guard {
  /** The header's key. Throws UNAUTHORISED, RATE_LIMITED, or FORBIDDEN unless it has the scope. */
  check(authorization: string | undefined, scope: ApiScope): ApiKey;
  /** Looks every key up again at its next request: one was revoked, or limited. */
  forget(): void;
}

interface Remembered {
  readonly key: VerifiedKey;
  readonly untilMs: number;
  /** What the clock on the wall shows more than the monotonic one. */
  readonly wallMs: number;
  readonly bucket: TokenBucket | undefined;
}

/** Good keys are remembered for a few seconds, so that a request does not cost a look into the metadata. */
export function createGuard(keys: KeyCheck, clock: Clock): Guard {
  const remembered = new Map<string, Remembered>();
  /** By name: all secrets of a key share its limit, and it outlives what is remembered. */
  const buckets = new Map<string, TokenBucket>();

  const bucketOf = ({ name, limit }: VerifiedKey, nowMs: number): TokenBucket | undefined => {
    if (limit === null) {
      buckets.delete(name);
      return undefined;
    }
    const known = buckets.get(name);
    if (known?.limit.burst === limit.burst && known.limit.requestsPerSecond === limit.requestsPerSecond) return known;
    const made = new TokenBucket(limit, nowMs);
    buckets.set(name, made);
    return made;
  };
  const lookUp = (authorization: string, nowMs: number): Remembered | undefined => {
    remembered.delete(authorization);
    const match = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization);
    if (match === null || match[1].length > MAX_SECRET) return undefined;
    const key = keys(match[1]);
    if (key === null) return undefined;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const wallMs = clock.nowMs() - nowMs;
    const untilMs = Math.min(nowMs + REMEMBERED_MS, key.diesAtMs - wallMs);
    const held = { key, untilMs, wallMs, bucket: bucketOf(key, nowMs) };
    remembered.set(authorization, held);
    return held;
  };
  return {
    check(authorization, scope) {
      if (authorization === undefined) throw new ShelfwiseError('UNAUTHORISED');
      const nowMs = clock.monotonicMs();
      let held = remembered.get(authorization);
      if (held === undefined || held.untilMs <= nowMs) held = lookUp(authorization, nowMs);
      if (held === undefined) throw new ShelfwiseError('UNAUTHORISED');
      const { key, bucket } = held;
      key.use.requests++;
      key.use.lastUsedAtMs = nowMs + held.wallMs;
      const waitMs = bucket === undefined ? 0 : bucket.take(nowMs);
      if (waitMs > 0) {
        key.use.limited++;
        throw tooMany(key, waitMs);
      }
      requireScope(key, scope);
      return key;
    },
    forget: () => remembered.clear(),
  };
}

function tooMany({ name, limit }: VerifiedKey, waitMs: number): ShelfwiseError {
  const retryAfterS = Math.ceil(waitMs / SECOND_MS);
  return new ShelfwiseError(
    'RATE_LIMITED',
    `the key "${name}" may send ${limit?.requestsPerSecond} a second, and ${limit?.burst} at once`,
    { details: { retryAfterS } },
  );
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
