/** An item: what the catalogue holds. */
import { type Static, Type } from 'typebox';
import { GENERATED_PREFIX } from './generated.ts';
import { parseInstant } from './instant.ts';

/** Position in this list is the item kind's number in binary formats: append only. */
export const ITEM_KINDS = ['track', 'album', 'artist', 'playlist', 'show', 'episode'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/**
 * One character of an identifier or a title: no control character, and no half of a surrogate pair. Two strings that
 * differ in such a half are different here and the same bytes in UTF-8. As everywhere in JSON Schema, patterns are in
 * Unicode mode: a whole pair is one character.
 */
const CHARACTER = '[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]';
const LINE_PATTERN = `^${CHARACTER}*$`;
/** Several lines: control characters too. */
const LINES_PATTERN = '^[^\\ud800-\\udfff]*$';

/** Identifiers that callers choose: 1 to 200 characters, none of them a control character. */
export const ID_PATTERN = `^${CHARACTER}{1,200}$`;
const ID = new RegExp(ID_PATTERN, 'u');

export function isId(text: string): boolean {
  return ID.test(text);
}

export const IdSchema = Type.String({ pattern: ID_PATTERN, maxLength: 200, minLength: 1 });

const Instant = Type.String({
  format: 'date-time',
  maxLength: 40,
  description: 'ISO 8601 date-time with zone, such as 2026-11-24T08:30:00Z',
});
const Text = (maxLength: number) => Type.String({ maxLength, pattern: LINE_PATTERN });

export const CreatorSchema = Type.Object(
  { id: IdSchema, name: Type.String({ minLength: 1, maxLength: 500, pattern: LINE_PATTERN }) },
  { additionalProperties: false },
);

export const ItemSchema = Type.Object(
  {
    id: IdSchema,
    kind: Type.Enum(ITEM_KINDS),
    title: Type.String({ minLength: 1, maxLength: 500, pattern: LINE_PATTERN }),
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
        Type.String(),
        Type.Union([Type.String({ maxLength: 1000, pattern: LINES_PATTERN }), Type.Number(), Type.Boolean()]),
        { maxProperties: 50, propertyNames: Type.String({ maxLength: 100, pattern: LINES_PATTERN }) },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Item = Static<typeof ItemSchema>;
export type Creator = Static<typeof CreatorSchema>;

/** Music is older than 1970. */
const EARLIEST_RELEASE_MS = Date.parse('0001-01-01T00:00:00Z');

/**
 * What is wrong with an item beyond its schema, as a JSON pointer and words for the caller; the first such thing, or
 * undefined: an id of what is generated; times that are none (a leap second), or outside the years 1 (of a release) or 1970 (of a right) to 2200;
 * rights that end before they begin.
 */
export function itemProblem(item: Item): string | undefined {
  for (const [field, id] of namedIds(item)) {
    if (id.startsWith(GENERATED_PREFIX))
      return `${field} begins with "${GENERATED_PREFIX}", which names generated playlists`;
  }
  if (item.releasedAt !== undefined && parseInstant(item.releasedAt, EARLIEST_RELEASE_MS) === undefined) {
    return '/releasedAt must be a time of the years 1 to 2200, without a leap second';
  }
  const from = item.availableFrom === undefined ? Number.NEGATIVE_INFINITY : parseInstant(item.availableFrom);
  if (from === undefined) return `/availableFrom ${RIGHTS_TIME}`;
  const until = item.availableUntil === undefined ? Number.POSITIVE_INFINITY : parseInstant(item.availableUntil);
  if (until === undefined) return `/availableUntil ${RIGHTS_TIME}`;
  return until > from ? undefined : '/availableUntil must be later than availableFrom';
}

function namedIds(item: Item): readonly (readonly [string, string])[] {
  return [
    ['/id', item.id],
    ['/parentId', item.parentId ?? ''],
    ...(item.creators ?? []).map(({ id }, i) => [`/creators/${i}/id`, id] as const),
  ];
}

const RIGHTS_TIME =
  'must be a time of the years 1970 to 2200, without a leap second; leave it out where there is no limit';
