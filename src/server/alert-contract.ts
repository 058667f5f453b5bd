/** The contract of alerts: those that fire and fired, who is told, who is not for a while. */
import { type TSchema, Type } from 'typebox';
import type { AlertView, NewRule, NoticeView, RouteView, RuleView, SilenceView } from '../platform/index.ts';
import { recordOf } from './evaluation-contract.ts';

export type { AlertView, NewRule, NoticeView, RouteView, RuleView, SilenceView } from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const Severity = Type.Enum(['info', 'warning', 'error']);
const Kind = Type.Enum(['statistic', 'distance', 'anomaly']);
const Glob = Type.String({ maxLength: 200, description: '`*` stands for any run of characters.' });
const Author = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', description: 'Who says so.' });
const Reason = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' });
const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' });
const LengthMs = Type.Integer({ minimum: 0, maximum: 366 * 86_400_000 });

export const AlertsQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Enum(['active', 'pending', 'firing', 'recovered'], { description: '`active`: pending and firing.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  closed,
);
export const NoticesQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
  closed,
);
export const AlertParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }, closed);
export const AlertRuleParams = Type.Object({ name: Name }, closed);
export const CloseAlertBody = Type.Object({ author: Author }, closed);
const MatcherSchema = Type.Object(
  {
    rule: Type.Optional(Glob),
    source: Type.Optional(Glob),
    name: Type.Optional(Glob),
    feature: Type.Optional(Glob),
    slice: Type.Optional(Glob),
  },
  { ...closed, minProperties: 1 },
);
export const SilenceBody = Type.Object(
  {
    matcher: MatcherSchema,
    author: Author,
    reason: Reason,
    untilMs: Type.Integer({ minimum: 0, maximum: 253_402_300_799_999, description: 'Milliseconds since 1970.' }),
  },
  closed,
);
const ruleFields = {
  kind: Kind,
  finding: Glob,
  source: Glob,
  feature: Glob,
  slice: Glob,
  severity: Severity,
  above: orNull(Type.Number()),
  below: orNull(Type.Number()),
  forMs: LengthMs,
  clearForMs: LengthMs,
  routes: Type.Array(Name, { maxItems: 50 }),
};
export const AlertRuleBody = Type.Object(
  {
    name: Type.Optional(Name),
    ...(Object.fromEntries(
      Object.entries(ruleFields).map(([name, schema]) => [name, Type.Optional(schema)]),
    ) as unknown as typeof ruleFields),
    author: Author,
    reason: Reason,
  } satisfies { [K in keyof Required<NewRule>]: TSchema },
  closed,
);
export const TestAlertsBody = Type.Object(
  { route: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Every one by default.' })) },
  closed,
);

const AlertSchema = recordOf<AlertView>({
  id: Type.String(),
  rule: Type.String(),
  source: Type.String({ description: 'The stream of the data, or `platform`.' }),
  kind: Kind,
  name: Type.String(),
  feature: Type.String(),
  slice: Type.String(),
  value: orNull(Type.Number()),
  severity: Severity,
  text: Type.String(),
  state: Type.Enum(['pending', 'firing', 'recovered']),
  silenced: Type.Boolean(),
  beganAtMs: Time,
  firedAtMs: orNull(Time),
  seenAtMs: Time,
  endedAtMs: orNull(Time),
  ending: Type.String(),
  told: Type.Array(Type.String()),
});
const SilenceSchema = recordOf<SilenceView>({
  id: Type.String(),
  matcher: MatcherSchema,
  author: Type.String(),
  reason: Type.String(),
  fromMs: Time,
  untilMs: Time,
});
const RuleSchema = recordOf<RuleView>({
  name: Type.String(),
  ...ruleFields,
  from: Type.Enum(['default', 'configuration', 'person']),
  author: Type.String(),
  reason: Type.String(),
  addedAtMs: orNull(Time),
});
const RouteSchema = recordOf<RouteView>({
  name: Type.String(),
  to: Type.Enum(['webhook', 'slack', 'mail', 'log']),
  problem: Type.String({ description: 'What is wrong with it; empty where it works.' }),
});
const NoticeSchema = recordOf<NoticeView>({
  id: Type.String(),
  route: Type.String(),
  createdAtMs: Time,
  state: Type.Enum(['due', 'delivered', 'given-up']),
  attempts: Count,
  lastFailure: Type.String(),
  settledAtMs: orNull(Time),
});

export const AlertsAnswer = Type.Object({ alerts: Type.Array(Type.Ref('Alert')) }, closed);
export interface AlertList {
  readonly alerts: readonly AlertView[];
}
export const SilencesAnswer = Type.Object({ silences: Type.Array(Type.Ref('AlertSilence')) }, closed);
export interface SilenceList {
  readonly silences: readonly SilenceView[];
}
export const AlertRulesAnswer = Type.Object(
  { rules: Type.Array(Type.Ref('AlertRule')), routes: Type.Array(Type.Ref('AlertRoute')) },
  closed,
);
export interface AlertRuleList {
  readonly rules: readonly RuleView[];
  readonly routes: readonly RouteView[];
}
export const NoticesAnswer = Type.Object({ notices: Type.Array(Type.Ref('AlertNotice')) }, closed);
export interface NoticeList {
  readonly notices: readonly NoticeView[];
}
export const TestAlertsAnswer = Type.Object(
  {
    routes: Type.Array(Type.Object({ route: Type.String(), delivered: Type.Boolean(), reason: Type.String() }, closed)),
  },
  closed,
);
export interface AlertTest {
  readonly routes: readonly { readonly route: string; readonly delivered: boolean; readonly reason: string }[];
}

export const ALERT_COMPONENTS: Readonly<Record<string, TSchema>> = {
  Alert: AlertSchema,
  AlertNotice: NoticeSchema,
  AlertRoute: RouteSchema,
  AlertRule: RuleSchema,
  AlertSilence: SilenceSchema,
};
