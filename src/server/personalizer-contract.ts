/** The calls of Azure Personalizer (v1.0) that are taken, as its clients make them. */
import { Type } from 'typebox';
import { IdSchema } from '../domain/index.ts';

/** As Personalizer: "the set should not contain more than 50 actions". */
const MOST_ACTIONS = 50;
/** Personalizer takes 256 characters; ids here have at most 200. */
const EventId = IdSchema;
const Features = Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 100 });

export const PersonalizerRank = Type.Object(
  {
    actions: Type.Array(
      Type.Object({ id: IdSchema, features: Type.Optional(Features) }, { additionalProperties: true }),
      {
        minItems: 1,
        maxItems: MOST_ACTIONS,
        description: 'Items of the catalogue; their features are those that it has.',
      },
    ),
    contextFeatures: Type.Optional(Features),
    excludedActions: Type.Optional(Type.Array(Type.String(), { maxItems: MOST_ACTIONS })),
    eventId: Type.Optional(Type.Union([EventId, Type.Null()])),
    deferActivation: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  },
  { additionalProperties: false },
);
export interface RankRequest {
  readonly actions: readonly { readonly id: string }[];
  readonly contextFeatures?: readonly unknown[];
  readonly excludedActions?: readonly string[];
  readonly eventId?: string | null;
  readonly deferActivation?: boolean | null;
}
export const PersonalizerRanked = Type.Object({
  ranking: Type.Array(Type.Object({ id: Type.String(), probability: Type.Number({ minimum: 0, maximum: 1 }) })),
  eventId: Type.String(),
  rewardActionId: Type.String(),
  decisionId: Type.String({ description: 'Of the recorded decision. Not of Personalizer.' }),
});
export interface RankResponse {
  readonly ranking: readonly { readonly id: string; readonly probability: number }[];
  readonly eventId: string;
  readonly rewardActionId: string;
  readonly decisionId: string;
}
export const PersonalizerReward = Type.Object(
  { value: Type.Number({ description: 'From 0.5 on it is earned.' }) },
  { additionalProperties: false },
);
export const PersonalizerEventParams = Type.Object({ eventId: EventId }, { additionalProperties: false });
