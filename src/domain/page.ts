/** A page: a Home as served (JSON). Ranks count from 0. */
import { type Static, Type } from 'typebox';
import { ITEM_KINDS } from './item.ts';

const Explain = Type.Object(
  {
    propensity: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Given everything placed before it.' }),
    forced: Type.Boolean({
      description: 'True where nothing was drawn: propensity is 1 and the place is not explorable.',
    }),
    best: Type.Number({
      minimum: 0,
      maximum: 1,
      description:
        'The greatest propensity that anything had for this place: where it is greater than `propensity`, the policy explored.',
    }),
    score: Type.Number({
      description: 'Of a card: predicted reward. Of a shelf: its value before its cards were drawn.',
    }),
  },
  { additionalProperties: false },
);

/** What a card is marked with. Position is the bit in what rendering precomputes. */
export const BADGES = ['new', 'explicit', 'unfinished', 'sponsored'] as const;
export type Badge = (typeof BADGES)[number];

export const CardSchema = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(ITEM_KINDS),
    title: Type.String(),
    subtitle: Type.String({
      description: "What it is, in the listener's language; of an unfinished episode, how much is left.",
    }),
    image: Type.String({ description: 'Empty where the item has none.' }),
    rank: Type.Integer({ minimum: 0 }),
    reason: Type.String({ description: 'Why this card, in words; empty where the shelf says it all.' }),
    badges: Type.Array(Type.Enum(BADGES), {
      description:
        'new: released within the last 14 days; unfinished: an episode that was begun; sponsored: its place is paid for.',
    }),
    progress: Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 1 }), Type.Null()], {
      description: 'Share of an episode that was heard; null where it was not begun.',
    }),
    sponsored: Type.Boolean(),
    explain: Type.Optional(Explain),
  },
  { additionalProperties: false },
);

export const ShelfSchema = Type.Object(
  {
    id: Type.String({ description: 'Stable within a page; `more-like:ITEM` for shelves about an item.' }),
    kind: Type.String({ description: 'The declaration, such as `recently-played`.' }),
    title: Type.String(),
    reason: Type.String({ description: 'Why the shelf is there, in words.' }),
    label: Type.String({ description: 'A word that stands by the title, such as "Sponsored"; mostly empty.' }),
    order: Type.Union([Type.Literal('defined'), Type.Literal('policy')]),
    rank: Type.Integer({ minimum: 0 }),
    carried: Type.Boolean({ description: 'Seen in an earlier decision of the session and kept in place.' }),
    cards: Type.Array(CardSchema),
    explain: Type.Optional(Explain),
  },
  { additionalProperties: false },
);

export const PageExplainSchema = Type.Object(
  {
    candidates: Type.Array(
      Type.Object({ shelf: Type.String(), count: Type.Integer() }, { additionalProperties: false }),
    ),
    removals: Type.Array(
      Type.Object(
        { shelf: Type.String(), reason: Type.String(), count: Type.Integer() },
        { additionalProperties: false },
      ),
    ),
    failedSources: Type.Array(Type.String()),
    stages: Type.Array(
      Type.Object({ stage: Type.String(), ms: Type.Number(), outcome: Type.String() }, { additionalProperties: false }),
    ),
    versions: Type.Record(Type.String(), Type.String()),
  },
  { additionalProperties: false },
);

export const PageSchema = Type.Object(
  {
    decisionId: Type.String(),
    policy: Type.String(),
    degraded: Type.Boolean(),
    shelves: Type.Array(ShelfSchema),
    nextCursor: Type.Optional(
      Type.String({
        description: 'Gives the rows below these, of the same decision; absent where these are the last.',
      }),
    ),
    explain: Type.Optional(PageExplainSchema),
  },
  { additionalProperties: false },
);
export type Page = Static<typeof PageSchema>;
export type PageShelf = Static<typeof ShelfSchema>;
export type PageCard = Static<typeof CardSchema>;
