/** The contract of trust: keys, the audit trail. */
import { type Static, type TSchema, Type } from 'typebox';
import type { ApiScope, AuditEntry, ErasureStatus, ListedKey, RateLimit } from '../platform/index.ts';

export type {
  AuditEntry,
  BegunErasure,
  ErasureStatus,
  ListedKey,
  RateLimit,
  RotatedKey,
} from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const ref = (name: string): TSchema => Type.Ref(name);
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Time = Type.Number({ description: 'Milliseconds since 1970.' });

// ---- keys

/** What a key with this scope may do. A record, so that a scope of the platform cannot be forgotten here. */
export const SCOPES: Readonly<Record<ApiScope, string>> = {
  ingest: 'sending events, items and listeners in',
  serve: 'Homes, and items and profiles as an app shows them',
  explain: 'why: explained Homes, decisions, replay, lists, status',
  admin: 'everything',
};
const scopeNames = Object.keys(SCOPES) as ApiScope[];

export const KeyName = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._-]+$' });
export const KeyParams = Type.Object({ name: KeyName }, closed);
export const RateLimitSchema = Type.Object(
  {
    requestsPerSecond: Type.Number({ minimum: 0.001, maximum: 1_000_000, description: 'In the long run.' }),
    burst: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'At once, after a quiet time.' }),
  },
  { ...closed, description: 'A token bucket; what is beyond it is answered 429 with Retry-After.' },
);
export const CreateKeyBody = Type.Object(
  {
    name: KeyName,
    scopes: Type.Array(Type.Enum(scopeNames), { minItems: 1, maxItems: scopeNames.length }),
    limit: Type.Optional(orNull(ref('RateLimit'))),
  },
  closed,
);
export const CreateKeyAnswer = Type.Object(
  {
    name: Type.String(),
    scopes: Type.Array(Type.String()),
    limit: orNull(ref('RateLimit')),
    secret: Type.String({ description: 'Shown once; only its hash is kept.' }),
  },
  closed,
);
export interface CreatedKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly limit: RateLimit | null;
  readonly secret: string;
}
export const ListedKeySchema = Type.Object(
  {
    name: Type.String(),
    scopes: Type.Array(Type.String()),
    limit: orNull(ref('RateLimit')),
    createdAtMs: Time,
    lastUsedAtMs: orNull(Time),
    secrets: Type.Integer({ minimum: 0, description: 'That work: more than one while a rotation overlaps.' }),
    oldSecretDiesAtMs: orNull(Time),
  },
  closed,
);
export const ListKeysAnswer = Type.Object({ keys: Type.Array(ref('ListedKey'), { description: 'By name.' }) }, closed);
export interface KeyList {
  readonly keys: readonly ListedKey[];
}
/** A week of overlap at most: longer is no rotation. */
const MAX_OVERLAP_S = 7 * 24 * 3600;
const DEFAULT_OVERLAP_S = 3600;
export const RotateKeyBody = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OVERLAP_S,
        default: DEFAULT_OVERLAP_S,
        description: 'For so long the old secret works beside the new one.',
      }),
    ),
  },
  { ...closed, 'x-body-optional': true },
);
export const overlapMsOf = (body: Static<typeof RotateKeyBody>): number =>
  (body.overlapSeconds ?? DEFAULT_OVERLAP_S) * 1000;
export const RotateKeyAnswer = Type.Object(
  {
    name: Type.String(),
    secret: Type.String({ description: 'The new one, shown once.' }),
    oldSecretDiesAtMs: Time,
  },
  closed,
);
export const LimitKeyBody = Type.Object({ limit: orNull(ref('RateLimit')) }, closed);
export const LimitKeyAnswer = Type.Object({ name: Type.String(), limit: orNull(ref('RateLimit')) }, closed);
export const RevokeKeyAnswer = Type.Object({ revoked: Type.Boolean() }, closed);

// ---- audit

export const AuditQuery = Type.Object(
  {
    since: Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description: 'Entries of then or later.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: '`nextCursor` of the page before.' })),
    listener: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Only entries about this listener.' }),
    ),
  },
  closed,
);
export const AuditEntrySchema = Type.Object(
  {
    id: Type.Integer(),
    atMs: Time,
    actor: Type.String({ description: 'Name of the key.' }),
    route: Type.String({ description: 'Method and pattern of the path.' }),
    object: Type.String({
      description: 'What it was done to. Listeners stand here by a name that means nothing once they are erased.',
    }),
    outcome: Type.String({ description: '`begun`, `done`, `interrupted`, or the code of an error.' }),
    endedAtMs: orNull(Time),
  },
  closed,
);
export const AuditAnswer = Type.Object(
  { entries: Type.Array(ref('AuditEntry'), { description: 'Newest first.' }), nextCursor: orNull(Type.String()) },
  closed,
);
export interface AuditList {
  readonly entries: readonly AuditEntry[];
  readonly nextCursor: string | null;
}

// ---- erasure

const Counts = Type.Record(Type.String(), Type.Integer({ minimum: 0 }));
const Count = Type.Integer({ minimum: 0 });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const erasureFields = {
  id: Type.String({ description: 'A ULID.' }),
  state: Type.Enum(['requested', 'rewriting', 'done'] satisfies ErasureStatus['state'][], {
    description:
      '`rewriting`: key, mapping and state are gone, logs and lake follow. `done`: searched, and nothing found.',
  }),
  requestedAtMs: Time,
  requestedBy: Type.String({ description: 'Name of the key that asked for it.' }),
  dueAtMs: Type.Number({ description: 'A month after it was asked for; it is done within minutes.' }),
  doneAtMs: orNull(Time),
  dropped: { ...Counts, description: 'What was dropped before the answer, by part.' },
  rewritten: Type.Object(
    { logSegments: Count, lakeFiles: Count, rows: Count },
    { ...closed, description: 'Files that were written anew, and the rows that they lost.' },
  ),
  verification: orNull({
    ...Counts,
    description: 'How much was searched for the listener’s key when all was done, and `occurrences`: 0.',
  }),
  commitment: { ...Sha256, description: 'SHA-256 of the receipt, a line feed and the listener’s id.' },
  proof: orNull(
    Type.Object(
      {
        sequence: Type.Integer({ minimum: 1 }),
        previousDigest: Sha256,
        digest: {
          ...Sha256,
          description: 'SHA-256 of the previous digest, a line feed and the report; docs/trust.md.',
        },
      },
      closed,
    ),
  ),
  trouble: orNull(Type.String({ description: 'Why the last attempt failed; it is tried again.' })),
};
export const ErasureSchema = Type.Object(erasureFields, closed);
export const BegunErasureSchema = Type.Object(
  {
    ...erasureFields,
    receipt: orNull(
      Type.String({
        description:
          'Shown once, for the person: with their id it shows whose erasure this was. Null when asked again.',
      }),
    ),
  },
  closed,
);
export const ErasureParams = Type.Object({ id: Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{26}$' }) }, closed);
export const ListErasuresQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 20 })) },
  closed,
);
export const ListErasuresAnswer = Type.Object(
  { erasures: Type.Array(ref('Erasure'), { description: 'Newest first.' }) },
  closed,
);
export interface ErasureList {
  readonly erasures: readonly ErasureStatus[];
}

/** Media type of an export. */
export const ARCHIVE_MEDIA_TYPE = 'application/zip';

export const TRUST_COMPONENTS: Readonly<Record<string, TSchema>> = {
  AuditEntry: AuditEntrySchema,
  BegunErasure: BegunErasureSchema,
  CreatedKey: CreateKeyAnswer,
  Erasure: ErasureSchema,
  ListedKey: ListedKeySchema,
  RateLimit: RateLimitSchema,
};
