/** What a platform can do for those who must trust it: keys, the audit trail, erasure and export of what is held on a person. */
import type { AuditEntry, RateLimit } from '../store/index.ts';

export type { AuditEntry, RateLimit };

/**
 * What a key may do: `ingest` sends events, items and listeners in; `serve` gets Homes and what is on them; `explain`
 * sees why (decisions, replay, lists, status); `admin` everything.
 */
export const API_SCOPES = ['ingest', 'serve', 'explain', 'admin'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** What the platform's own key is called; no other is. */
export const OWN_KEY_NAME = 'platform';

export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** What is counted of a key's use, by whoever checks it. */
export interface KeyUse {
  requests: number;
  /** Requests refused for its rate limit. */
  limited: number;
  /** 0 for never. */
  lastUsedAtMs: number;
}

/** A key as its secret finds it. */
export interface VerifiedKey extends ApiKey {
  /** Null for as many requests as come. */
  readonly limit: RateLimit | null;
  /** One object a key, for as long as the platform runs. */
  readonly use: KeyUse;
  /** Of a secret that a rotation replaces; infinite otherwise. */
  readonly diesAtMs: number;
}

export interface ListedKey extends ApiKey {
  readonly limit: RateLimit | null;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
  /** Secrets that work: more than one while a rotation overlaps. */
  readonly secrets: number;
  /** When the last of those that a rotation replaces dies; null when there is none. */
  readonly oldSecretDiesAtMs: number | null;
}

export interface RotatedKey {
  readonly name: string;
  /** The new one; never shown again. */
  readonly secret: string;
  readonly oldSecretDiesAtMs: number;
}

/** How far an erasure is, and the proof of it. */
export interface ErasureStatus {
  readonly id: string;
  readonly state: 'requested' | 'rewriting' | 'done';
  readonly requestedAtMs: number;
  /** Name of the key that asked for it. */
  readonly requestedBy: string;
  /** What the law allows at most; it is done within minutes. */
  readonly dueAtMs: number;
  readonly doneAtMs: number | null;
  /** What was dropped before the answer, by part. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly rewritten: { readonly logSegments: number; readonly lakeFiles: number; readonly rows: number };
  /** What was searched for the listener's key and id when all was done, and how often they were found: 0 when `done`. */
  readonly verification: Readonly<Record<string, number>> | null;
  /** SHA-256 of the receipt, a line feed and the listener's id, hex. */
  readonly commitment: string;
  /** Its link in the chain of erasures; null until it is done. */
  readonly proof: { readonly sequence: number; readonly previousDigest: string; readonly digest: string } | null;
  /** Why the last attempt failed; it is tried again. */
  readonly trouble: string | null;
}

export interface BegunErasure extends ErasureStatus {
  /** Shown once: with the listener's id it shows whose erasure this was. Null when the erasure had been asked for before. */
  readonly receipt: string | null;
}

export interface Trust {
  /** Makes a key on purpose and gives its secret, which is never shown again (only its hash is kept). */
  createKey(name: string, scopes: readonly ApiScope[], limit?: RateLimit | null): Promise<string>;
  /** Keys made by `createKey`; the platform's own key is not among them. */
  listKeys(): readonly ListedKey[];
  /** A new secret; the old ones work for the overlap, also over restarts. Undefined when there is no such key. */
  rotateKey(name: string, overlapMs: number): Promise<RotatedKey | undefined>;
  /** True when there is such a key. */
  limitKey(name: string, limit: RateLimit | null): Promise<boolean>;
  /** True when there was such a key among those made; it is good for nothing from then on. The platform's own cannot go. */
  revokeKey(name: string): Promise<boolean>;

  /** Notes an action before it begins; on disk when it resolves. @returns the entry's id */
  beginAction(action: { readonly actor: string; readonly route: string; readonly object: string }): Promise<number>;
  /** @param outcome `done`, or the code of the error */
  endAction(id: number, outcome: string): Promise<void>;
  /** Newest first. */
  auditEntries(query: {
    readonly sinceMs?: number | undefined;
    readonly before?: number | undefined;
    /** Only entries about this object. */
    readonly object?: string | undefined;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  /** What stands for a listener in the audit trail: derived from their secret, so that it means nothing once they are erased. */
  auditNameOf(listenerId: string): string;

  /** Drops key, mapping and state at once; log and lake follow in the background. Undefined for who is not known. */
  eraseListener(listenerId: string, actor: string): Promise<BegunErasure | undefined>;
  erasure(id: string): Promise<ErasureStatus | undefined>;
  /** Newest first. */
  erasures(limit: number): Promise<readonly ErasureStatus[]>;
  /** All that is held on a listener, as a ZIP archive in pieces; undefined for who is not known. */
  exportListener(listenerId: string): AsyncIterable<Uint8Array> | undefined;
}
