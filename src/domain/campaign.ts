/** Campaigns: rows that editors put on Homes, for some listeners and for a time. */
import { type Static, Type } from 'typebox';
import { hash32 } from '../base/index.ts';
import { EARLIEST_INSTANT_MS, LATEST_INSTANT_MS, parseInstant } from './instant.ts';
import { IdSchema, ItemSchema } from './item.ts';
import { AGE_BANDS, type AgeBand, ListenerProfileSchema } from './listener.ts';

/** Campaigns of one platform at most. Each Home looks at all of them. */
export const MAX_CAMPAIGNS = 200;
/** Items of one campaign at most. */
export const MAX_CAMPAIGN_ITEMS = 50;
/** Where a listener's language has no title of its own. */
const FALLBACK_LANGUAGE = 'en';

const profile = ListenerProfileSchema.properties;
const Line = (maxLength: number, description: string) =>
  Type.String({ ...ItemSchema.properties.title, maxLength, description });

export const CampaignIdSchema = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._-]+$' });

export const AudienceSchema = Type.Object(
  {
    markets: Type.Optional(Type.Array(profile.market, { minItems: 1, maxItems: 260 })),
    tiers: Type.Optional(Type.Array(profile.tier, { minItems: 1, maxItems: 20 })),
    languages: Type.Optional(
      Type.Array(profile.language, { minItems: 1, maxItems: 50, description: '`pt` is for `pt-BR` too.' }),
    ),
    ageBands: Type.Optional(Type.Array(Type.Enum(AGE_BANDS), { minItems: 1, maxItems: AGE_BANDS.length })),
    share: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: 1,
        description: 'Of these listeners, by a hash of campaign and listener: always the same ones.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Who it is for: all that is given must hold. Empty: everybody.' },
);

export const CampaignBodySchema = Type.Object(
  {
    title: Type.Record(profile.language, Line(200, 'In this language.'), {
      minProperties: 1,
      maxProperties: 50,
      propertyNames: profile.language,
      description:
        'By language. One that is missing falls back to its primary language, to `en`, to the first by name.',
    }),
    items: Type.Array(IdSchema, {
      minItems: 1,
      maxItems: MAX_CAMPAIGN_ITEMS,
      uniqueItems: true,
      description: 'In the order in which they stand. What a listener may not have or has hidden is left out.',
    }),
    startsAt: Type.String({ format: 'date-time', maxLength: 40 }),
    endsAt: Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'Later than startsAt; not shown from then on.',
    }),
    audience: Type.Optional(AudienceSchema),
    pinnedRank: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 23,
        description:
          'Page rank (from 0) where it stands, forced. Without it, its place is drawn like that of any shelf.',
      }),
    ),
    sponsor: Type.Optional(
      Line(100, 'Who pays for it. Row and cards then say that they are sponsored, and kids do not get it.'),
    ),
  },
  { additionalProperties: false },
);
export type CampaignBody = Static<typeof CampaignBodySchema>;
export type Audience = Static<typeof AudienceSchema>;
export type Campaign = CampaignBody & { readonly id: string };

/** What is wrong with a campaign beyond its schema, as a JSON pointer and words; undefined when nothing is. */
export function campaignProblem(
  body: CampaignBody,
): { readonly pointer: string; readonly message: string } | undefined {
  const startsAtMs = parseInstant(body.startsAt);
  if (startsAtMs === undefined) return { pointer: '/startsAt', message: TIME };
  const endsAtMs = parseInstant(body.endsAt);
  if (endsAtMs === undefined) return { pointer: '/endsAt', message: TIME };
  return endsAtMs > startsAtMs ? undefined : { pointer: '/endsAt', message: 'must be later than startsAt' };
}

const TIME = 'must be a time of the years 1970 to 2200, without a leap second';

/** A campaign as serving reads it. */
export interface ServedCampaign {
  readonly campaign: Campaign;
  /** What records and rows know it by: the number of its id among the names of items and creators. */
  readonly number: number;
  /** Item numbers, in order. */
  readonly items: Uint32Array;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** All campaigns, also those that are over or not yet begun: never changed, only replaced. */
export interface Campaigns {
  /** Of all that is in them. */
  readonly hash: string;
  /** Begun last first, of equals by id: whichever comes first has the place that two want. */
  readonly list: readonly ServedCampaign[];
}

export const NO_CAMPAIGNS: Campaigns = { hash: '', list: [] };

/** @param numberOf the number of a name among items and creators */
export function serveCampaign(campaign: Campaign, numberOf: (name: string) => number): ServedCampaign {
  return {
    campaign,
    number: numberOf(campaign.id),
    items: Uint32Array.from(campaign.items, numberOf),
    // Fail closed: a time that does not read shows nothing.
    startsAtMs: parseInstant(campaign.startsAt) ?? LATEST_INSTANT_MS,
    endsAtMs: parseInstant(campaign.endsAt) ?? EARLIEST_INSTANT_MS,
  };
}

/** The campaign with this number, or undefined. */
export function campaignNumbered({ list }: Campaigns, number: number): ServedCampaign | undefined {
  for (const served of list) if (served.number === number) return served;
  return undefined;
}

export interface CampaignListener {
  readonly market: string;
  readonly tier: string;
  readonly language: string;
  readonly ageBand: AgeBand;
  /** Of the listener: what decides whether they are of the share. */
  readonly listenerKey: string;
}

/** Does the campaign run at this time, and for this listener? Kids get nothing that is paid for. */
export function runsFor(
  { campaign, startsAtMs, endsAtMs }: ServedCampaign,
  atMs: number,
  who: CampaignListener,
): boolean {
  if (atMs < startsAtMs || atMs >= endsAtMs) return false;
  if (campaign.sponsor !== undefined && who.ageBand === 'kid') return false;
  const { audience } = campaign;
  if (audience === undefined) return true;
  const { markets, tiers, languages, ageBands, share } = audience;
  return (
    (markets === undefined || markets.includes(who.market)) &&
    (tiers === undefined || tiers.includes(who.tier)) &&
    (languages === undefined || languages.includes(who.language) || languages.includes(primaryOf(who.language))) &&
    (ageBands === undefined || ageBands.includes(who.ageBand)) &&
    (share === undefined || share >= 1 || hash32(`${campaign.id} ${who.listenerKey}`) < share * 2 ** 32)
  );
}

/** In this language, its primary one, English, or the first by name. */
export function campaignTitle({ title }: Campaign, language: string): string {
  return (
    title[language] ?? title[primaryOf(language)] ?? title[FALLBACK_LANGUAGE] ?? title[Object.keys(title).sort()[0]]
  );
}

/** `pt` of `pt-BR`. */
function primaryOf(language: string): string {
  const dash = language.indexOf('-');
  return dash < 0 ? language : language.slice(0, dash);
}
