/** A campaign as its form holds it, and back: texts as they are typed, times in UTC. */
import type { Campaign, CampaignBody } from '../../../src/server/contract.ts';

/** Languages that Home speaks. */
export const LANGUAGES = ['en', 'de', 'es', 'sv'] as const;
export const AGE_BANDS = ['unknown', 'kid', '13-17', '18-24', '25-34', '35-44', '45-54', '55+'] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

export interface Draft {
  readonly id: string;
  /** By language; an empty text is none. */
  readonly titles: Readonly<Record<string, string>>;
  readonly items: readonly string[];
  /** `2026-11-24T08:00`, UTC: what a field for date and time holds. */
  readonly startsAt: string;
  readonly endsAt: string;
  /** Separated by commas or spaces. */
  readonly markets: string;
  readonly tiers: string;
  readonly languages: string;
  readonly ageBands: readonly AgeBand[];
  /** Percent; empty: everybody. */
  readonly share: string;
  /** Counted from 1; empty: drawn like any shelf. */
  readonly place: string;
  readonly sponsor: string;
}

const DAY_MS = 86_400_000;

/** What a field for date and time holds, from an instant. */
export function fieldOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16);
}

const list = (texts: readonly string[] | undefined): string => (texts ?? []).join(', ');

/** @param nowMs a new one begins at the next full hour, for two weeks */
export function draftOf(campaign: Campaign | undefined, nowMs: number): Draft {
  if (campaign === undefined) {
    const hour = Math.ceil(nowMs / 3_600_000) * 3_600_000;
    return {
      id: '',
      titles: {},
      items: [],
      startsAt: fieldOf(hour),
      endsAt: fieldOf(hour + 14 * DAY_MS),
      markets: '',
      tiers: '',
      languages: '',
      ageBands: [],
      share: '',
      place: '',
      sponsor: '',
    };
  }
  const { audience = {} } = campaign;
  return {
    id: campaign.id,
    titles: campaign.title,
    items: campaign.items,
    startsAt: fieldOf(Date.parse(campaign.startsAt)),
    endsAt: fieldOf(Date.parse(campaign.endsAt)),
    markets: list(audience.markets),
    tiers: list(audience.tiers),
    languages: list(audience.languages),
    ageBands: audience.ageBands ?? [],
    share: audience.share === undefined ? '' : String(Math.round(audience.share * 1e4) / 100),
    place: campaign.pinnedRank === undefined ? '' : String(campaign.pinnedRank + 1),
    sponsor: campaign.sponsor ?? '',
  };
}

export type DraftField = keyof Draft;
export type DraftProblems = Readonly<Partial<Record<DraftField, string>>>;

const words = (text: string): string[] => text.split(/[\s,;]+/).filter((word) => word !== '');
const instantOf = (field: string): string => `${field.slice(0, 16)}:00Z`;
/** NaN for a text that is no date and time: `Date.parse` reads more into some of them. */
const timeOf = (field: string): number =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(field) ? Date.parse(instantOf(field)) : Number.NaN;

/** What is wrong with it, by field; nothing when it may be sent. */
export function problemsOf(draft: Draft): DraftProblems {
  const problems: Partial<Record<DraftField, string>> = {};
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(draft.id))
    problems.id = 'Letters, digits, dots, dashes and underscores, 100 at most.';
  if (Object.values(draft.titles).every((title) => title.trim() === '')) problems.titles = 'One title at least.';
  if (draft.items.length === 0) problems.items = 'One item at least.';
  if (draft.items.length > 50) problems.items = '50 items at most.';
  const startsAtMs = timeOf(draft.startsAt);
  const endsAtMs = timeOf(draft.endsAt);
  if (Number.isNaN(startsAtMs)) problems.startsAt = 'A date and a time.';
  if (Number.isNaN(endsAtMs)) problems.endsAt = 'A date and a time.';
  else if (endsAtMs <= startsAtMs) problems.endsAt = 'Later than its beginning.';
  if (!words(draft.markets).every((market) => /^[A-Za-z]{2}$/.test(market)))
    problems.markets = 'Two letters each, such as SE, DE.';
  if (!words(draft.tiers).every((tier) => /^[a-z0-9-]+$/.test(tier)))
    problems.tiers = 'Small letters, digits and dashes, such as premium, free.';
  if (!words(draft.languages).every((language) => /^[a-z]{2}(-[A-Z]{2})?$/.test(language)))
    problems.languages = 'Such as en, pt-BR.';
  const share = Number(draft.share);
  if (draft.share.trim() !== '' && !(share > 0 && share <= 100)) problems.share = 'More than 0, at most 100.';
  const place = Number(draft.place);
  if (draft.place.trim() !== '' && !(Number.isInteger(place) && place >= 1 && place <= 24))
    problems.place = 'From 1 to 24.';
  return problems;
}

/** The campaign to send; of a draft without problems. */
export function bodyOf(draft: Draft): CampaignBody {
  const title = Object.fromEntries(
    Object.entries(draft.titles)
      .map(([language, text]) => [language, text.trim()] as const)
      .filter(([, text]) => text !== ''),
  );
  const markets = words(draft.markets).map((market) => market.toUpperCase());
  const tiers = words(draft.tiers);
  const languages = words(draft.languages);
  const audience: NonNullable<CampaignBody['audience']> = {
    ...(markets.length > 0 ? { markets } : {}),
    ...(tiers.length > 0 ? { tiers } : {}),
    ...(languages.length > 0 ? { languages } : {}),
    ...(draft.ageBands.length > 0 ? { ageBands: [...draft.ageBands] } : {}),
    ...(draft.share.trim() === '' ? {} : { share: Number(draft.share) / 100 }),
  };
  return {
    title,
    items: [...draft.items],
    startsAt: instantOf(draft.startsAt),
    endsAt: instantOf(draft.endsAt),
    ...(Object.keys(audience).length > 0 ? { audience } : {}),
    ...(draft.place.trim() === '' ? {} : { pinnedRank: Number(draft.place) - 1 }),
    ...(draft.sponsor.trim() === '' ? {} : { sponsor: draft.sponsor.trim() }),
  };
}

export type Standing = 'running' | 'coming' | 'over';

export function standingOf(campaign: Pick<Campaign, 'startsAt' | 'endsAt'>, nowMs: number): Standing {
  if (nowMs < Date.parse(campaign.startsAt)) return 'coming';
  return nowMs < Date.parse(campaign.endsAt) ? 'running' : 'over';
}

/** "everybody on premium in SE, DE, aged 18-24, 20 % of them"; "everybody". */
export function audienceText({ audience }: Campaign): string {
  if (audience === undefined) return 'everybody';
  const { markets, tiers, languages, ageBands, share } = audience;
  const who = [
    tiers === undefined ? '' : `on ${tiers.join(' or ')}`,
    markets === undefined ? '' : `in ${markets.join(', ')}`,
    languages === undefined ? '' : `reading ${languages.join(', ')}`,
    ageBands === undefined ? '' : `aged ${ageBands.join(', ')}`,
  ].filter((part) => part !== '');
  const all = who.length === 0 ? 'everybody' : `everybody ${who.join(', ')}`;
  return share === undefined || share >= 1 ? all : `${all}, ${Math.round(share * 1000) / 10} % of them`;
}
