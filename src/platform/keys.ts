/** API keys: the platform's own, and those made on purpose. Secrets are nowhere; their SHA-256 is in memory and metadata. */
import { hash, randomBytes } from 'node:crypto';
import type { Metadata } from '../store/index.ts';
import { API_SCOPES, type ApiKey, type ApiScope } from './service.ts';

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
  verify(secret: string): ApiKey | null;
  create(name: string, scopes: readonly ApiScope[]): Promise<string>;
  list(): readonly ApiKey[];
  /** True when there was such a key. Forgotten in memory only once metadata has forgotten it: a key that stays is said to stay. */
  revoke(name: string): Promise<boolean>;
}

/** Secrets are looked up by their digest, so that comparing takes no time that depends on them. */
export async function createKeys(metadata: Metadata, adminKey: string): Promise<Keys> {
  const byDigest = new Map<string, ApiKey>([[digestOf(adminKey), { name: 'platform', scopes: API_SCOPES }]]);
  const made = new Map<string, { readonly key: ApiKey; readonly digest: string }>();
  const remember = (key: ApiKey, digest: string): void => {
    made.set(key.name, { key, digest });
    byDigest.set(digest, key);
  };
  for (const { name, scopes, secretSha256 } of await metadata.apiKeys.list()) remember({ name, scopes }, secretSha256);
  return {
    verify: (secret) => byDigest.get(digestOf(secret)) ?? null,
    async create(name, scopes) {
      const secret = await metadata.apiKeys.create(name, scopes);
      remember({ name, scopes }, digestOf(secret));
      return secret;
    },
    list: () => Array.from(made.values(), ({ key }) => key),
    async revoke(name) {
      const revoked = await metadata.apiKeys.revoke(name);
      const gone = made.get(name);
      if (gone !== undefined) {
        made.delete(name);
        byDigest.delete(gone.digest);
      }
      return revoked;
    },
  };
}

function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
