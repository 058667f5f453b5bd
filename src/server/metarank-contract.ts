/** The calls of Metarank that are taken, as its clients make them. */
import { Type } from 'typebox';
import { IdSchema as Id } from '../domain/index.ts';
import { MAX_RANKED } from '../home/index.ts';
import { MAX_ROWS, ROW_BY_ROW } from './contract.ts';

const Field = Type.Object({ name: Type.String(), value: Type.Unknown() }, { additionalProperties: true });
const Time = Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
  description: 'Epoch milliseconds as a number or as text, or ISO 8601.',
});

const MetarankEvent = Type.Object(
  {
    event: Type.Enum(['item', 'user', 'ranking', 'interaction']),
    id: Id,
    timestamp: Time,
    user: Type.Optional(Id),
    session: Type.Optional(Id),
    item: Type.Optional(Id),
    type: Type.Optional(Type.String()),
    ranking: Type.Optional(Id),
    fields: Type.Optional(Type.Array(Field)),
    items: Type.Optional(Type.Array(Type.Object({ id: Id }, { additionalProperties: true }))),
  },
  { additionalProperties: true },
);
/** One event, or a list of them; each is judged by itself. */
export const MetarankFeedback = Type.Union([
  Type.Unsafe<readonly unknown[]>({
    type: 'array',
    maxItems: MAX_ROWS,
    items: MetarankEvent,
    [ROW_BY_ROW]: true,
  }),
  Type.Record(Type.String(), Type.Unknown(), { description: 'A MetarankEvent.' }),
]);
export const MetarankTaken = Type.Object({
  accepted: Type.Integer({ minimum: 0 }),
  status: Type.String(),
  tookMillis: Type.Integer({ minimum: 0 }),
  updated: Type.Integer({ minimum: 0 }),
  refused: Type.Optional(
    Type.Array(
      Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String(), remedy: Type.String() }),
      { description: 'Events that were not taken, and why. Not of Metarank.' },
    ),
  ),
});

export const MetarankRank = Type.Object(
  {
    id: Id,
    timestamp: Type.Optional(Time),
    user: Type.Optional(Id),
    session: Type.Optional(Id),
    fields: Type.Optional(Type.Array(Field)),
    items: Type.Array(Type.Object({ id: Id }, { additionalProperties: true }), { minItems: 1, maxItems: MAX_RANKED }),
  },
  { additionalProperties: true },
);
export interface RankBody {
  readonly id: string;
  readonly user?: string;
  readonly session?: string;
  readonly items: readonly { readonly id: string }[];
}
export const MetarankOrder = Type.Object({
  took: Type.Integer({ minimum: 0 }),
  items: Type.Array(
    Type.Object({
      item: Type.String(),
      score: Type.Number({ description: 'Falls with the rank: sorting by it keeps the order.' }),
      predicted: Type.Union([Type.Number(), Type.Null()], {
        description: 'The reward that the model predicts. Not of Metarank.',
      }),
      propensity: Type.Number({
        description: 'With which it was drawn for its place; 0 where it was not. Not of Metarank.',
      }),
    }),
  ),
  decisionId: Type.String({ description: 'Of the recorded decision. Not of Metarank.' }),
});
export const ModelParams = Type.Object({ model: Id }, { additionalProperties: false });
export const RankQuerySchema = Type.Object(
  { explain: Type.Optional(Type.Boolean({ default: false, description: 'Taken, and without effect.' })) },
  { additionalProperties: false },
);
