/** An item: what the catalogue holds. */
import { type Static, Type } from 'typebox';

/** Position in this list is the item kind's number in binary formats: append only. */
export const ITEM_KINDS = ['track', 'album', 'artist', 'playlist', 'show', 'episode'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/** Identifiers that callers choose: 1 to 200 characters, none of them a control character. */
export const ID_PATTERN = '^[^\\u0000-\\u001f\\u007f]{1,200}$';
export const IdSchema = Type.String({ pattern: ID_PATTERN, maxLength: 200, minLength: 1 });

const Instant = Type.String({
  format: 'date-time',
  maxLength: 40,
  description: 'ISO 8601 date-time with zone, such as 2026-11-24T08:30:00Z',
});
const Text = (maxLength: number) => Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$' });

export const CreatorSchema = Type.Object(
  { id: IdSchema, name: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }) },
  { additionalProperties: false },
);

export const ItemSchema = Type.Object(
  {
    id: IdSchema,
    kind: Type.Enum(ITEM_KINDS),
    title: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
    creators: Type.Optional(
      Type.Array(CreatorSchema, {
        maxItems: 20,
        description:
          'Artists of a track or album, publishers of a show. The first is the primary creator: caps count by it.',
      }),
    ),
    parentId: Type.Optional(
      Type.String({
        ...IdSchema,
        description: 'track → album, album → artist, episode → show',
      }),
    ),
    genres: Type.Optional(Type.Array(Text(100), { maxItems: 30, description: 'Genres or tags, strongest first.' })),
    releasedAt: Type.Optional(Instant),
    durationMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 864_000_000 })),
    explicit: Type.Optional(Type.Boolean()),
    markets: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), {
        maxItems: 260,
        description: 'ISO 3166-1 alpha-2. Absent: available everywhere.',
      }),
    ),
    tiers: Type.Optional(
      Type.Array(Text(50), { maxItems: 20, description: 'Tiers that may play it. Absent: every tier.' }),
    ),
    availableFrom: Type.Optional(Instant),
    availableUntil: Type.Optional(Instant),
    image: Type.Optional(Text(2000)),
    attributes: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 100 }),
        Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean()]),
        {
          maxProperties: 50,
        },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Item = Static<typeof ItemSchema>;
export type Creator = Static<typeof CreatorSchema>;
