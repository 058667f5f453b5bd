/** The contract of what another policy would have shown instead, and of the policies that can be asked about. */
import { type TSchema, Type } from 'typebox';
import { DEVICES, ItemRefSchema } from '../domain/index.ts';
import {
  type EvaluablePolicy,
  INSTEAD_DRAWS,
  type InsteadCard,
  type InsteadOptions,
  type InsteadReport,
  type InsteadRow,
  type PolicyOption,
} from '../platform/index.ts';
import { PolicySchema, recordOf } from './evaluation-contract.ts';

export type {
  EvaluablePolicy,
  InsteadCard,
  InsteadChoice,
  InsteadDraw,
  InsteadOptions,
  InsteadReport,
  InsteadRow,
  PolicyOption,
} from '../platform/index.ts';

export interface EvaluablePolicies {
  readonly policies: readonly EvaluablePolicy[];
}

export const InsteadBody = recordOf<InsteadOptions>({
  policy: PolicySchema,
  draw: Type.Optional(
    Type.Enum([...INSTEAD_DRAWS], {
      default: 'sampled',
      description: '`sampled`: by the noise of the decision itself; `probable`: at every place what is most probable.',
    }),
  ),
  again: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description: 'Of `sampled`: 0 for the noise of the decision, else the k-th other.',
    }),
  ),
});

const Chance = Type.Number({ minimum: 0, maximum: 1 });
const choice = {
  forced: Type.Boolean({ description: 'Declared or kept, not drawn.' }),
  logged: { ...Chance, description: 'Under the policy that logged, given what stands before it; 0: it had no chance.' },
  instead: Type.Union([Chance, Type.Null()], { description: 'Under the other policy.' }),
};
const RowSchema = recordOf<InsteadRow>({
  ...choice,
  id: Type.String(),
  kind: Type.String({ description: 'The declaration, such as `recently-played`.' }),
  title: Type.String({ description: 'In English.' }),
  carried: Type.Boolean(),
  cards: Type.Array(recordOf<InsteadCard>({ ...choice, item: ItemRefSchema })),
});
const Rows = Type.Array(Type.Ref('InsteadRow'), { description: 'Top down.' });
const ReportSchema = recordOf<InsteadReport>({
  decisionId: Type.String(),
  atMs: Type.Number({ description: 'Milliseconds since 1970.' }),
  device: Type.Enum([...DEVICES]),
  market: Type.String(),
  tier: Type.String(),
  loggedPolicy: Type.String(),
  policy: Type.String({ description: 'Name of the other one.' }),
  draw: Type.Enum([...INSTEAD_DRAWS]),
  again: Type.Integer({ minimum: 0 }),
  loggedPage: Rows,
  insteadPage: Type.Union([Rows, Type.Null()]),
  pageWeight: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: 'Of the logged page, whole: what it is to the other policy over what it was to the one that logged.',
  }),
  whyNot: Type.Union([Type.String(), Type.Null()], { description: 'In words, where there is no other page.' }),
});

const OptionSchema = recordOf<PolicyOption>({
  name: Type.String(),
  value: Type.Union([Type.Number(), Type.String(), Type.Boolean()], {
    description: 'What it is where a request leaves it out.',
  }),
  choices: Type.Array(Type.String(), { description: 'All that it can be; empty where that is a range.' }),
});
const EvaluableSchema = recordOf<EvaluablePolicy>({
  id: Type.String(),
  options: Type.Array(OptionSchema),
  composition: Type.Array(OptionSchema, {
    description: 'What may be wanted of its pages besides; empty where that does not move it.',
  }),
  serves: Type.Boolean(),
  switchedOff: Type.Boolean(),
  lacks: Type.Union([Type.String(), Type.Null()], {
    description: 'What it needs of a model that the one which serves lacks.',
  }),
});

export const INSTEAD_COMPONENTS: Readonly<Record<string, TSchema>> = {
  EvaluablePolicies: recordOf<EvaluablePolicies>({ policies: Type.Array(EvaluableSchema) }),
  InsteadReport: ReportSchema,
  InsteadRow: RowSchema,
};
