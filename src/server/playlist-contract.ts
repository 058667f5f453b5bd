/** The contract of generated playlists and of what belongs to items: parameters, answers and named components. */
import { type TSchema, Type } from 'typebox';
import { CHILD_RELATIONS, GENERATED_PREFIX, GENERATED_SLOTS, IdSchema, ITEM_KINDS } from '../domain/index.ts';
import type { PlaylistSummary } from '../platform/index.ts';

export type { ChildRelation } from '../domain/index.ts';
export type { ChildCard, ItemChildren, Playlist, PlaylistSummary, PlaylistTrack } from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const Instant = (description: string) => Type.String({ format: 'date-time', description });

const whose = {
  at: Type.Optional(
    Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'As of another time; now when absent. What does not stand then is made for the answer and not kept.',
    }),
  ),
  market: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: "Overrides the listener's." })),
  tier: Type.Optional(
    Type.String({ minLength: 1, maxLength: 50, pattern: '^[a-z0-9-]+$', description: "Overrides the listener's." }),
  ),
};
export const ListPlaylistsQuery = Type.Object(whose, closed);
export const PlaylistQuerySchema = Type.Object(
  {
    listener: Type.String({ ...IdSchema, description: 'Whose: an id of a playlist is the same for everybody.' }),
    ...whose,
  },
  closed,
);
export const PlaylistParams = Type.Object(
  {
    id: Type.String({
      ...IdSchema,
      description: `${GENERATED_PREFIX} and ${GENERATED_SLOTS.slice(0, 2).join(', ')}, …, ${GENERATED_SLOTS.slice(-2).join(', ')}.`,
    }),
  },
  closed,
);

const Summary = {
  id: Type.String({ description: 'Send it as `containerId` of what is played from the playlist.' }),
  title: Type.String({ description: "In the listener's language; a mix is named by the artists in it." }),
  subtitle: Type.String({ description: 'Some of the artists in it.' }),
  image: Type.String(),
  reason: Type.String({ description: 'Why there is such a playlist.' }),
  trackCount: Type.Integer({ minimum: 0, description: 'Tracks that the listener may hear now.' }),
  mix: Type.Union(
    [
      Type.Object(
        { familiar: Type.Number({ minimum: 0, maximum: 1 }), new: Type.Number({ minimum: 0, maximum: 1 }) },
        closed,
      ),
      Type.Null(),
    ],
    {
      description:
        'Shares of tracks that the listener knows and of new ones, as it was made; null where none were aimed at.',
    },
  ),
  madeAt: Instant('When it was made.'),
  validFrom: Instant('It stands from here'),
  validUntil: Instant('up to here: then another one takes its place.'),
};
const PlaylistSummarySchema = Type.Object(Summary, closed);
const PlaylistSchema = Type.Object(
  {
    ...Summary,
    tracks: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          title: Type.String(),
          subtitle: Type.String(),
          image: Type.String(),
          durationMs: Type.Integer({ minimum: 0, description: '0 when unknown.' }),
          explicit: Type.Boolean(),
          reason: Type.String({ description: "Why it is in the playlist, in the listener's language." }),
          familiar: Type.Boolean({ description: 'Known to the listener when the playlist was made.' }),
        },
        closed,
      ),
      { description: 'In their order, without what the listener may not hear now.' },
    ),
  },
  closed,
);
export const ListPlaylistsAnswer = Type.Object(
  {
    playlists: Type.Array(Type.Ref('PlaylistSummary'), {
      description: 'Daily mixes, the weekly discovery, the release radar: those that there are.',
    }),
  },
  closed,
);
export interface PlaylistList {
  readonly playlists: readonly PlaylistSummary[];
}

// ---- children

export const ChildrenQuerySchema = Type.Object(
  {
    relation: Type.Optional(
      Type.Enum([...CHILD_RELATIONS], { description: 'One alone; all that the item has when absent.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Of each relation.' })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,9}$', description: '`nextCursor` of the page before, with its relation.' }),
    ),
    listener: Type.Optional(
      Type.String({ ...IdSchema, description: 'Only what this listener may have now, in their language.' }),
    ),
    market: whose.market,
    tier: whose.tier,
  },
  closed,
);
const ChildCardSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(ITEM_KINDS),
    title: Type.String(),
    subtitle: Type.String(),
    image: Type.String(),
    durationMs: Type.Integer({ minimum: 0, description: '0 when unknown.' }),
    releasedAt: Type.Union([Type.String(), Type.Null()]),
    explicit: Type.Boolean(),
  },
  closed,
);
const ItemChildrenSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(ITEM_KINDS),
    relations: Type.Array(
      Type.Object(
        {
          relation: Type.Enum([...CHILD_RELATIONS], {
            description:
              'tracks of an album in its order; episodes of a show, newest first; albums of an artist, newest first; top-tracks of an artist, most played first.',
          }),
          total: Type.Integer({ minimum: 0 }),
          items: Type.Array(Type.Ref('ChildCard')),
          nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
        },
        closed,
      ),
      { description: 'None for a track, an episode and a playlist.' },
    ),
  },
  closed,
);

export const PLAYLIST_COMPONENTS: Readonly<Record<string, TSchema>> = {
  ChildCard: ChildCardSchema,
  ItemChildren: ItemChildrenSchema,
  Playlist: PlaylistSchema,
  PlaylistSummary: PlaylistSummarySchema,
};
