/** API keys: the platform's own, and those made on purpose. Secrets are nowhere; their SHA-256 is in memory and metadata. */
import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '../base/index.ts';
import type { Metadata, RateLimit, StoredApiKey } from '../store/index.ts';
import { API_SCOPES, type ApiScope, type ListedKey, OWN_KEY_NAME, type RotatedKey, type VerifiedKey } from './trust.ts';

const SETTING = 'admin-key';

/** The platform's own key, made at the first start: it is printed, and clients on this machine read it in the lock file. */
export async function ownKey(metadata: Metadata): Promise<string> {
  const known = await metadata.settings.get(SETTING);
  if (known !== undefined) return known;
  const made = `sw_${randomBytes(24).toString('base64url')}`;
  await metadata.settings.set(SETTING, made);
  return made;
}

export interface Keys {
  verify(secret: string): VerifiedKey | null;
  create(name: string, scopes: readonly ApiScope[], limit: RateLimit | null): Promise<string>;
  list(): readonly ListedKey[];
  /** Undefined when there is no such key. */
  rotate(name: string, overlapMs: number): Promise<RotatedKey | undefined>;
  /** True when there is such a key. */
  setLimit(name: string, limit: RateLimit | null): Promise<boolean>;
  /** True when there was such a key. Forgotten in memory only once metadata has forgotten it: a key that stays is said to stay. */
  revoke(name: string): Promise<boolean>;
  /** Stores when keys were last used. */
  flush(): Promise<void>;
  /** Prometheus text: requests by key. */
  metrics(): string;
}

interface Held {
  readonly key: VerifiedKey;
  readonly createdAtMs: number;
  readonly digests: readonly string[];
}

/** Secrets are looked up by their digest, so that comparing takes no time that depends on them. */
export async function createKeys(metadata: Metadata, adminKey: string, clock: Clock): Promise<Keys> {
  const own: VerifiedKey = {
    name: OWN_KEY_NAME,
    scopes: API_SCOPES,
    limit: null,
    use: { requests: 0, limited: 0, lastUsedAtMs: 0 },
    diesAtMs: Number.POSITIVE_INFINITY,
  };
  const ownDigest = digestOf(adminKey);
  const byDigest = new Map<string, VerifiedKey>();
  const made = new Map<string, Held>();
  /** When the use of each was last stored. */
  const storedUse = new Map<string, number>();

  const forget = (name: string): void => {
    for (const digest of made.get(name)?.digests ?? []) byDigest.delete(digest);
    made.delete(name);
  };
  const remember = ({ name, scopes, limit, createdAtMs, lastUsedAtMs, secrets }: StoredApiKey): void => {
    const use = made.get(name)?.key.use ?? { requests: 0, limited: 0, lastUsedAtMs: lastUsedAtMs ?? 0 };
    forget(name);
    const key: VerifiedKey = { name, scopes, limit, use, diesAtMs: Number.POSITIVE_INFINITY };
    made.set(name, { key, createdAtMs, digests: secrets.map(({ sha256 }) => sha256) });
    for (const { sha256, diesAtMs } of secrets) byDigest.set(sha256, diesAtMs === null ? key : { ...key, diesAtMs });
  };
  /** As the metadata have it now: what was stored is what is in force. */
  const reread = async (name: string): Promise<void> => {
    const stored = (await metadata.apiKeys.list()).find((key) => key.name === name);
    if (stored !== undefined) remember(stored);
  };
  for (const stored of await metadata.apiKeys.list()) remember(stored);

  return {
    verify(secret) {
      const digest = digestOf(secret);
      if (digest === ownDigest) return own;
      const held = byDigest.get(digest);
      return held !== undefined && held.diesAtMs > clock.nowMs() ? held : null;
    },
    async create(name, scopes, limit) {
      const secret = await metadata.apiKeys.create(name, scopes, limit);
      await reread(name);
      return secret;
    },
    list: () =>
      Array.from(made.values(), ({ key, createdAtMs, digests }) => {
        const dying = digests
          .map((digest) => byDigest.get(digest)?.diesAtMs ?? 0)
          .filter((atMs) => atMs > clock.nowMs());
        const last = Math.max(0, ...dying.filter(Number.isFinite));
        return {
          name: key.name,
          scopes: key.scopes,
          limit: key.limit,
          createdAtMs,
          lastUsedAtMs: key.use.lastUsedAtMs === 0 ? null : key.use.lastUsedAtMs,
          secrets: dying.length,
          oldSecretDiesAtMs: last === 0 ? null : last,
        };
      }).sort((a, b) => (a.name < b.name ? -1 : 1)),
    async rotate(name, overlapMs) {
      const rotated = await metadata.apiKeys.rotate(name, overlapMs);
      await reread(name);
      return rotated === undefined ? undefined : { name, secret: rotated.secret, oldSecretDiesAtMs: rotated.diesAtMs };
    },
    async setLimit(name, limit) {
      const known = await metadata.apiKeys.setLimit(name, limit);
      await reread(name);
      return known;
    },
    async revoke(name) {
      const revoked = await metadata.apiKeys.revoke(name);
      forget(name);
      storedUse.delete(name);
      return revoked;
    },
    async flush() {
      const used = new Map<string, number>();
      for (const [name, { key }] of made) {
        if (key.use.lastUsedAtMs > (storedUse.get(name) ?? 0)) used.set(name, key.use.lastUsedAtMs);
      }
      if (used.size === 0) return;
      await metadata.apiKeys.noteUse(used);
      for (const [name, atMs] of used) storedUse.set(name, atMs);
    },
    metrics() {
      const keys = [own, ...Array.from(made.values(), ({ key }) => key)];
      const lines = (name: string, help: string, type: string, read: (key: VerifiedKey) => number): string =>
        [
          `# HELP shelfwise_key_${name} ${help}`,
          `# TYPE shelfwise_key_${name} ${type}`,
          ...keys.map((key) => `shelfwise_key_${name}{key="${key.name}"} ${read(key)}`),
          '',
        ].join('\n');
      return (
        lines('requests_total', 'Requests by key.', 'counter', ({ use }) => use.requests) +
        lines(
          'limited_total',
          'Requests refused for the rate limit of their key.',
          'counter',
          ({ use }) => use.limited,
        ) +
        lines(
          'last_used_seconds',
          'When a key was last used; 0 for never.',
          'gauge',
          ({ use }) => use.lastUsedAtMs / 1000,
        )
      );
    },
  };
}

function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
