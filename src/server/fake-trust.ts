/** The part of the platform in memory that others must trust: keys and the audit trail. */
import { type Clock, DAY_MS } from '../base/index.ts';
import { decisionIdOf } from '../domain/index.ts';
import type { AuditEntry, ErasureStatus, ListedKey, Trust, VerifiedKey } from '../platform/index.ts';

export interface FakeTrust extends Trust {
  verifyKey(secret: string): VerifiedKey | null;
}

async function* piecesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** @param removeListener false when there is none of this id */
export function createFakeTrust(
  adminKey: string,
  clock: Clock,
  hasListener: (id: string) => boolean,
  removeListener: (id: string) => boolean,
): FakeTrust {
  const admin = verified('admin', ['admin']);
  const bySecret = new Map<string, VerifiedKey>([[adminKey, admin]]);
  const listed = new Map<string, ListedKey>();
  const entries: AuditEntry[] = [];
  const erasures = new Map<string, ErasureStatus>();
  const secretsOf = (name: string) => [...bySecret].filter(([, key]) => key.name === name);
  const put = (name: string, change: Partial<ListedKey>): boolean => {
    const known = listed.get(name);
    if (known === undefined) return false;
    listed.set(name, { ...known, ...change });
    return true;
  };
  return {
    verifyKey: (secret) => {
      const key = bySecret.get(secret);
      return key === undefined || key.diesAtMs <= clock.nowMs() ? null : key;
    },
    createKey: async (name, scopes, limit = null) => {
      const secret = `fake-${name}`;
      bySecret.set(secret, { ...verified(name, scopes), limit });
      const rest = { createdAtMs: clock.nowMs(), lastUsedAtMs: null, secrets: 1, oldSecretDiesAtMs: null };
      listed.set(name, { name, scopes, limit, ...rest });
      return secret;
    },
    listKeys: () => [...listed.values()],
    rotateKey: async (name, overlapMs) => {
      const oldSecretDiesAtMs = clock.nowMs() + overlapMs;
      if (!put(name, { secrets: 2, oldSecretDiesAtMs })) return undefined;
      const held = secretsOf(name);
      for (const [secret, key] of held) bySecret.set(secret, { ...key, diesAtMs: oldSecretDiesAtMs });
      const secret = `fake-${name}-${held.length}`;
      bySecret.set(secret, held[0][1]);
      return { name, secret, oldSecretDiesAtMs };
    },
    limitKey: async (name, limit) => {
      for (const [secret, key] of secretsOf(name)) bySecret.set(secret, { ...key, limit });
      return put(name, { limit });
    },
    revokeKey: async (name) => {
      for (const [secret] of listed.has(name) ? secretsOf(name) : []) bySecret.delete(secret);
      return listed.delete(name);
    },
    beginAction: async (action) =>
      entries.push({ ...action, id: entries.length + 1, atMs: clock.nowMs(), outcome: 'begun', endedAtMs: null }),
    endAction: async (id, outcome) => {
      entries[id - 1] = { ...entries[id - 1], outcome, endedAtMs: clock.nowMs() };
    },
    auditEntries: async ({ sinceMs = 0, before = Number.POSITIVE_INFINITY, object, limit }) =>
      entries
        .filter((entry) => entry.atMs >= sinceMs && entry.id < before)
        .filter((entry) => object === undefined || entry.object === object)
        .reverse()
        .slice(0, limit),
    auditNameOf: (id) => `listener ${id.length}`,
    eraseListener: async (listenerId, actor) => {
      if (!removeListener(listenerId)) return undefined;
      const id = decisionIdOf(clock.nowMs(), new Uint8Array(16).fill(erasures.size));
      const begun: ErasureStatus = {
        id,
        state: 'rewriting',
        requestedAtMs: clock.nowMs(),
        requestedBy: actor,
        dueAtMs: clock.nowMs() + 30 * DAY_MS,
        doneAtMs: null,
        dropped: { mapping: 1, secret: 1 },
        rewritten: { logSegments: 0, lakeFiles: 0, rows: 0 },
        verification: null,
        commitment: '0'.repeat(64),
        proof: null,
        trouble: null,
      };
      erasures.set(id, begun);
      return { ...begun, receipt: 'fake-receipt' };
    },
    exportListener: (id) => (hasListener(id) ? piecesOf(`archive of ${id}`) : undefined),
    erasure: async (id) => erasures.get(id),
    erasures: async (limit) => [...erasures.values()].reverse().slice(0, limit),
  };
}

function verified(name: string, scopes: readonly string[]): VerifiedKey {
  const use = { requests: 0, limited: 0, lastUsedAtMs: 0 };
  return { name, scopes, limit: null, use, diesAtMs: 10_000_000 * DAY_MS };
}
