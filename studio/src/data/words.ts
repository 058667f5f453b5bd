/** Data in words: sets, streams, figures, findings. */
import type { AlertView, DataSet, FeatureFigures, RuleView, SchemaVersion } from '../../../src/server/contract.ts';
import { countText, percentText, shortDayText, timeText } from '../shell/times.ts';

/** Streams in the order in which they are offered: examples by the day, then events by the hour. */
export const EXAMPLE_STREAMS = ['training', 'evaluation', 'serving'] as const;
export const EVENT_STREAMS = [
  'rendered',
  'impression',
  'select',
  'play',
  'skip',
  'like',
  'unlike',
  'follow',
  'unfollow',
  'hide',
  'unhide',
] as const;

export const ABOUT_STREAMS: Readonly<Record<string, string>> = {
  training: 'examples that models learn from, by the day of their decision',
  evaluation: 'examples that models are measured on, by the day of their decision',
  serving: 'cards as they were served, by the day of their decision',
};

export function isByHour(stream: string): boolean {
  return !EXAMPLE_STREAMS.some((one) => one === stream);
}

/** Of a stream: "examples", or the type of event by which it is called. */
export function schemaOf(stream: string): string {
  return isByHour(stream) ? stream : 'examples';
}

export function streamName(stream: string): string {
  return stream.slice(0, 1).toUpperCase() + stream.slice(1);
}

function startMs(span: string): number {
  return Date.parse(span.length === 10 ? `${span}T00:00:00Z` : `${span}:00:00Z`);
}

/** "20 Nov"; "20 Nov, 14:00" of an hour. */
export function spanText(span: string): string {
  const atMs = startMs(span);
  return span.length === 10 ? shortDayText(atMs) : `${shortDayText(atMs)}, ${timeText(atMs)}`;
}

/** "training 20 Nov", "play 20 Nov, 14:00". */
export function setText(id: string): string {
  const [stream = '', span = ''] = id.split('/');
  return `${stream} ${spanText(span)}`;
}

/** What a set is measured against: "training 26 Nov"; what is no id is said as it is, such as "the 24 hours before". */
export function againstText(name: string): string {
  return /^[a-z]+\/\d{4}-\d\d-\d\d(T\d\d)?$/.test(name) ? setText(name) : name;
}

/** What tells sets apart: the span where they are of one stream, the stream where they are of one span. */
export function shortNames(ids: readonly string[]): readonly string[] {
  const parts = ids.map((id) => id.split('/'));
  const isOne = (at: number): boolean => new Set(parts.map((part) => part[at])).size === 1;
  if (isOne(0)) return parts.map(([, span = '']) => spanText(span));
  if (isOne(1)) return parts.map(([stream = '']) => stream);
  return ids.map(setText);
}

/** "1 error", "2 errors, 3 warnings", "nothing wrong". */
export function anomalyCount({ errors, warnings }: DataSet['anomalies']): string {
  const parts = [
    ...(errors === 0 ? [] : [countText(errors, 'error')]),
    ...(warnings === 0 ? [] : [countText(warnings, 'warning')]),
  ];
  return parts.length === 0 ? 'nothing wrong' : parts.join(', ');
}

/** What it holds, in a line. */
export function setFacts(set: DataSet): string {
  const rows = isByHour(set.stream) ? countText(set.examples, 'event') : countText(set.examples, 'example');
  return `${rows} of ${countText(set.units, 'listener')}`;
}

const MOST_GROUPED = 1e6;
const LEAST_PLAIN = 1e-3;
/** 8.017M */
const compactFormat = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });

/** 12,345; 8.017M; 3.142; 0.412; 3.1e−5: so many digits are enough to compare by. "–" where there is none. */
export function figureText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < LEAST_PLAIN) return minus(value.toExponential(1));
  if (size >= MOST_GROUPED) return minus(compactFormat.format(value));
  if (Number.isInteger(value) || size >= 1e4) return minus(Math.round(value).toLocaleString('en'));
  return minus(String(Number(value.toPrecision(size < 1 ? 3 : 4))));
}

function minus(text: string): string {
  return text.replaceAll('-', '−');
}

/** "0.031" */
export function distanceText(distance: number): string {
  return distance === 0 ? '0' : distance < 0.001 ? '< 0.001' : distance.toFixed(3);
}

/** A share as the tables show it: nothing is "0 %", hardly anything is not. */
export function shareText(share: number): string {
  return share > 0 && share < 0.0005 ? '< 0.1 %' : percentText(share);
}

/** From here on missing values and zeros stand out. */
export const HIGH_SHARE = 0.1;

export const SEVERITIES = { error: 'error', warning: 'warning', info: 'note' } as const;

/** "SCHEMA_MISSING_COLUMN" as words: "schema missing column". */
export function typeText(type: string): string {
  return type.toLowerCase().replaceAll('_', ' ');
}

export const MEASURES: Readonly<Record<string, string>> = {
  JENSEN_SHANNON_DIVERGENCE: 'Jensen–Shannon',
  L_INFTY: 'L∞',
  L_INFINITY: 'L∞',
  NORMALIZED_ABSOLUTE_DIFFERENCE: 'normalised absolute difference',
};

/** One sentence on a distribution, for those who do not see its picture. */
export function sideText(name: string, side: FeatureFigures | null): string {
  if (side === null) return `${name}: not there`;
  const { numeric, categorical } = side;
  if (side.values === 0) return `${name}: no values`;
  if (numeric !== null)
    return `${name}: ${figureText(numeric.min)} to ${figureText(numeric.max)}, half of it up to ${figureText(numeric.median)}`;
  if (categorical === null) return `${name}: ${countText(side.values, 'value')}`;
  const total = side.values;
  const top = categorical.top
    .slice(0, 3)
    .map(({ value, count }) => `${value === '' ? 'empty' : value} ${shareText(count / total)}`);
  return `${name}: ${top.join(', ')}`;
}

/** "premium: 4,210 of 11,902 examples in the span before, 0 in this one." */
export function lostText(
  of: string,
  examples: number,
  examplesBefore: number | null,
  before: number | null,
  shareBefore: number | null,
): string {
  const now = `${examples.toLocaleString('en')} in this one`;
  if (examplesBefore !== null && before !== null)
    return `${of}: ${examplesBefore.toLocaleString('en')} of ${before.toLocaleString('en')} examples in the span before, ${now}`;
  return `${of}: ${shareBefore === null ? 'some' : shareText(shareBefore)} of the examples in the span before, ${now}`;
}

export const CHANGES: Readonly<Record<SchemaVersion['change'], string>> = {
  derived: 'derived from the declared features',
  accepted: 'accepted',
  undone: 'undone',
};

export const STATES: Readonly<Record<AlertView['state'], string>> = {
  pending: 'pending',
  firing: 'firing',
  recovered: 'over',
};

export const ORIGINS: Readonly<Record<RuleView['from'], string>> = {
  default: 'built in',
  configuration: 'configuration',
  person: 'added here',
};

/** What an alert or a rule is about: "training, tier, slice tier_premium". */
export function subjectText({
  source,
  feature,
  slice,
}: {
  readonly source: string;
  readonly feature: string;
  readonly slice: string;
}): string {
  const plain = (text: string): string => (text === '*' ? '' : text);
  const parts = [plain(source), plain(feature), plain(slice) === '' ? '' : `slice ${slice}`];
  return parts.filter((part) => part !== '').join(' · ') || 'everything';
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "45 minutes", "3 hours", "2 days". */
export function lengthText(ms: number): string {
  if (ms < HOUR_MS) return countText(Math.max(1, Math.round(ms / MINUTE_MS)), 'minute');
  if (ms < 2 * DAY_MS) return countText(Math.round(ms / HOUR_MS), 'hour');
  return countText(Math.round(ms / DAY_MS), 'day');
}
