/**
 * What a Home's address holds, so that any Home can be linked to: whose it is, for what device, tier, market and time,
 * whether it is explained, what it is compared with, and which playlist lies open.
 */

import type { Device } from '../shell/api.ts';
import { type Compact, compact, oneOf, type SearchRecord, switchOf, textOf } from '../shell/search-params.ts';

export const DEVICE_NAMES: Readonly<Record<Device, string>> = {
  phone: 'Phone',
  tablet: 'Tablet',
  desktop: 'Desktop',
  web: 'Web',
  tv: 'TV',
  car: 'Car',
  speaker: 'Speaker',
};
const DEVICES = Object.keys(DEVICE_NAMES) as Device[];

export const FILTERS = ['music', 'podcasts'] as const;
export type Filter = (typeof FILTERS)[number];

/** What may differ between two Homes of one listener that stand side by side. */
export const COMPARABLE = ['policy', 'at', 'device', 'tier', 'market'] as const;
export type Comparable = (typeof COMPARABLE)[number];
export interface Comparison {
  readonly by: Comparable;
  readonly value: string;
}

/** Exactly what is set, in the order of the address; a switch that is off is absent. */
export type HomeSearch = Compact<{
  listener: string | undefined;
  device: Device | undefined;
  tier: string | undefined;
  market: string | undefined;
  /** ISO 8601, UTC. */
  at: string | undefined;
  filter: Filter | undefined;
  explain: true | undefined;
  /** `policy:popularity`, `at:2026-11-01T08:00:00Z`, … */
  compare: string | undefined;
  /** Id of the playlist, album or show that lies open. */
  open: string | undefined;
}>;

function matching(search: SearchRecord, name: string, pattern: RegExp): string | undefined {
  const text = textOf(search, name);
  return text !== undefined && pattern.test(text) ? text : undefined;
}

function instantOf(search: SearchRecord, name: string): string | undefined {
  const text = textOf(search, name);
  return text !== undefined && isInstant(text) ? text : undefined;
}

export function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Reads what an address holds; what is missing, unknown or malformed is absent. */
export function parseHomeSearch(search: SearchRecord): HomeSearch {
  const compare = textOf(search, 'compare');
  return compact({
    listener: textOf(search, 'listener'),
    device: oneOf(search, 'device', DEVICES),
    tier: matching(search, 'tier', /^[a-z0-9-]{1,50}$/),
    market: matching(search, 'market', /^[A-Z]{2}$/),
    at: instantOf(search, 'at'),
    filter: oneOf(search, 'filter', FILTERS),
    explain: switchOf(search, 'explain'),
    compare: compare !== undefined && parseComparison(compare) !== undefined ? compare : undefined,
    open: textOf(search, 'open'),
  });
}

export function parseComparison(text: string): Comparison | undefined {
  const colon = text.indexOf(':');
  const by = COMPARABLE.find((one) => one === text.slice(0, colon));
  const value = text.slice(colon + 1);
  if (by === undefined || value === '' || (by === 'at' && !isInstant(value))) return undefined;
  return { by, value };
}

export function formatComparison({ by, value }: Comparison): string {
  return `${by}:${value}`;
}
