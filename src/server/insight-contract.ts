/** The contract of insights: queries and named components; the schemas themselves are nouns of `domain/insight.ts`. */
import { type TSchema, Type } from 'typebox';
import {
  ItemExposureSchema,
  ItemNeighboursSchema,
  ItemRefSchema,
  ItemRelativesSchema,
  ListenerDecisionSchema,
  ListenerDecisionsSchema,
  ListenerStateSchema,
  LiveInsightsSchema,
  ShelfFiguresSchema,
  ShelfInsightsSchema,
  TimelineEventSchema,
  TimelineSchema,
} from '../domain/index.ts';

export type {
  ItemExposure,
  ItemNeighbours,
  ItemRef,
  ItemRelatives,
  ListenerDecision,
  ListenerDecisions,
  ListenerStateReport,
  LiveInsights,
  LiveStage,
  ShelfFigures,
  ShelfInsights,
  Timeline,
  TimelineEvent,
} from '../domain/index.ts';

const closed = { additionalProperties: false } as const;

/** Both lists of a listener: `GET /v1/listeners/{id}/timeline` and `…/decisions`. */
export const ListenerListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9A-Z]{1,26}$', description: '`nextCursor` of the page before.' }),
    ),
  },
  closed,
);
export const InsightDaysQuery = Type.Object(
  {
    days: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 14, default: 14, description: 'UTC days, today included.' }),
    ),
  },
  closed,
);
export const NeighboursQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 20 })) },
  closed,
);
export const LiveQuery = Type.Object(
  {
    since: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1e11, description: 'Epoch seconds: only the seconds after this one.' }),
    ),
  },
  closed,
);

export const INSIGHT_COMPONENTS: Readonly<Record<string, TSchema>> = {
  ItemExposure: ItemExposureSchema,
  ItemNeighbours: ItemNeighboursSchema,
  ItemRef: ItemRefSchema,
  ItemRelatives: ItemRelativesSchema,
  ListenerDecision: ListenerDecisionSchema,
  ListenerDecisions: ListenerDecisionsSchema,
  ListenerState: ListenerStateSchema,
  LiveInsights: LiveInsightsSchema,
  ShelfFigures: ShelfFiguresSchema,
  ShelfInsights: ShelfInsightsSchema,
  Timeline: TimelineSchema,
  TimelineEvent: TimelineEventSchema,
};
