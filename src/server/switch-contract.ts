/** The contract of switches. */
import { Type } from 'typebox';
import type { Switch } from '../platform/index.ts';

export type { Switch } from '../platform/index.ts';

const closed = { additionalProperties: false } as const;

const SwitchSchema = Type.Object(
  {
    target: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^(shelf|policy):[a-z0-9-]+$',
      description: '`shelf:ID` or `policy:ID`.',
    }),
    on: Type.Boolean(),
  },
  closed,
);
export const PutSwitchesBody = Type.Object(
  {
    switches: Type.Array(SwitchSchema, {
      minItems: 1,
      maxItems: 100,
      description: 'What is to change; what is not named stays as it is.',
    }),
  },
  closed,
);
export const ListSwitchesAnswer = Type.Object(
  {
    switches: Type.Array(SwitchSchema, {
      description:
        'Every shelf and policy that can be switched. Popularity has no switch: it stands in for the others.',
    }),
  },
  closed,
);
export interface SwitchList {
  readonly switches: readonly Switch[];
}
