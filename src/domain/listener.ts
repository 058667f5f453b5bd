/** A listener: who a Home is for. */
import { type Static, Type } from 'typebox';
import { IdSchema } from './item.ts';

/** Position is the number in binary formats: append only. */
export const AGE_BANDS = ['unknown', 'kid', '13-17', '18-24', '25-34', '35-44', '45-54', '55+'] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

/** What keeps a listener's plays out of popularity and training. Position is the bit in what is stored: append only. */
export const TRAFFIC_FLAGS = ['shared-account', 'bot', 'employee'] as const;
export type TrafficFlag = (typeof TRAFFIC_FLAGS)[number];

export const ListenerProfileSchema = Type.Object(
  {
    tier: Type.Optional(
      Type.String({ minLength: 1, maxLength: 50, pattern: '^[a-z0-9-]+$', description: 'premium, free, …' }),
    ),
    market: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2' })),
    language: Type.Optional(
      Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$', description: 'BCP 47, such as en or pt-BR' }),
    ),
    ageBand: Type.Optional(Type.Enum(AGE_BANDS)),
    explicitAllowed: Type.Optional(Type.Boolean({ description: 'Has no effect on a kid: nothing explicit then.' })),
    profiling: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'False: every Home is the same as for anybody of this market, tier and time of day.',
      }),
    ),
    flags: Type.Optional(
      Type.Array(Type.Enum(TRAFFIC_FLAGS), {
        maxItems: TRAFFIC_FLAGS.length,
        uniqueItems: true,
        description: 'Served as everybody; what they play counts in no popularity and trains nothing.',
      }),
    ),
    onboardingPicks: Type.Optional(
      Type.Array(IdSchema, { maxItems: 50, description: 'Items or artists picked at sign-up.' }),
    ),
  },
  { additionalProperties: false },
);
/** What the app told of a listener; every field may be absent. */
export type ListenerProfile = Static<typeof ListenerProfileSchema>;

/** A profile with the defaults filled in. */
export interface ResolvedProfile {
  readonly tier: string;
  readonly market: string;
  readonly language: string;
  readonly ageBand: AgeBand;
  readonly explicitAllowed: boolean;
  readonly profiling: boolean;
  readonly flags: readonly TrafficFlag[];
  readonly onboardingPicks: readonly string[];
}

/** `ZZ` is the market of those whose market is unknown: nothing is restricted to it, popularity falls back to the world's. */
export const UNKNOWN_MARKET = 'ZZ';

export function resolveProfile(profile: ListenerProfile): ResolvedProfile {
  return {
    tier: profile.tier ?? 'free',
    market: profile.market ?? UNKNOWN_MARKET,
    language: profile.language ?? 'en',
    ageBand: profile.ageBand ?? 'unknown',
    explicitAllowed: profile.ageBand !== 'kid' && (profile.explicitAllowed ?? true),
    profiling: profile.profiling ?? true,
    flags: profile.flags ?? [],
    onboardingPicks: profile.onboardingPicks ?? [],
  };
}
