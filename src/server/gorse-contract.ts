/** The calls of Gorse that are taken, as its clients make them. */
import { type TSchema, Type } from 'typebox';
import { IdSchema } from '../domain/index.ts';
import { MAX_ROWS, ROW_BY_ROW } from './contract.ts';

const row = { additionalProperties: true } as const;
const Refused = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  code: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});

const GorseFeedback = Type.Object(
  {
    FeedbackType: Type.String(),
    UserId: IdSchema,
    ItemId: IdSchema,
    Timestamp: Type.Optional(Type.String()),
    Value: Type.Optional(Type.Number({ description: 'Of a play: seconds, where it is more than 1.' })),
    Comment: Type.Optional(Type.String()),
  },
  row,
);
const Labels = Type.Optional(Type.Unknown({ description: 'A list of words, or an object.' }));
export const GorseItem = Type.Object(
  {
    ItemId: IdSchema,
    IsHidden: Type.Optional(Type.Boolean()),
    Categories: Type.Optional(Type.Array(Type.String())),
    Timestamp: Type.Optional(Type.String()),
    Labels,
    Comment: Type.Optional(Type.String({ description: 'Becomes the title.' })),
  },
  row,
);
export const GorseUser = Type.Object({ UserId: IdSchema, Labels, Comment: Type.Optional(Type.String()) }, row);

function rowsOf(items: TSchema) {
  return Type.Unsafe<readonly unknown[]>({
    type: 'array',
    maxItems: MAX_ROWS,
    items,
    [ROW_BY_ROW]: true,
  });
}
export const GorseFeedbackRows = rowsOf(GorseFeedback);
export const GorseItemRows = rowsOf(GorseItem);
export const GorseUserRows = rowsOf(GorseUser);

export const GorseSuccess = Type.Object({
  RowAffected: Type.Integer({ minimum: 0 }),
  Refused: Type.Optional(Type.Array(Refused, { description: 'Rows that were not taken, and why. Not of Gorse.' })),
});
export const GorseRecommendQuery = Type.Object(
  {
    n: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, default: 0 })),
    category: Type.Optional(Type.String({ maxLength: 100, description: 'A kind of item, or a genre.' })),
    'write-back-type': Type.Optional(Type.String({ maxLength: 50 })),
  },
  { additionalProperties: false },
);
export const GorseRecommendation = Type.Array(Type.String(), { description: 'Ids of items.' });
export const UserParams = Type.Object({ userId: IdSchema }, { additionalProperties: false });
export const UserCategoryParams = Type.Object(
  { userId: IdSchema, category: Type.String({ minLength: 1, maxLength: 100 }) },
  { additionalProperties: false },
);
