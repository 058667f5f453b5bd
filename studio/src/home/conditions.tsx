/** What the Home is for besides its listener: music or podcasts, and, to try out, another tier, market or time. */
import { useQuery } from '@tanstack/react-query';
import { type ChangeEvent, useState } from 'react';
import type { StoredListener } from '../../../src/server/contract.ts';
import { fetchListeners } from '../shell/api.ts';
import { ClockIcon, CloseIcon, MarketIcon, TierIcon } from '../shell/icons.tsx';
import { marketName } from '../shell/profile.ts';
import { instantText } from '../shell/times.ts';
import styles from './conditions.module.css';
import { DAY_PART_HOURS, hourToday } from './moments.ts';
import type { ChangeAddress, HomeAddress } from './use-home-address.ts';

const SAMPLE = 400;
const STALE_MS = 600_000;
const OTHER = 'other';
const CHIPS = [
  ['', 'All'],
  ['music', 'Music'],
  ['podcasts', 'Podcasts'],
] as const;

interface ConditionsProps {
  readonly address: HomeAddress;
  readonly profile: StoredListener['profile'] | undefined;
  readonly onChange: ChangeAddress;
}

/** Tiers and markets that some of the listeners have. */
function useKnown(): { readonly tiers: readonly string[]; readonly markets: readonly string[] } {
  const { data } = useQuery({
    queryKey: ['listeners', 'known', SAMPLE],
    queryFn: ({ signal }) => fetchListeners('', SAMPLE, signal),
    staleTime: STALE_MS,
  });
  const profiles = (data?.listeners ?? []).map(({ profile }) => profile);
  const distinct = (values: readonly (string | undefined)[]) =>
    [...new Set(values.filter((value) => value !== undefined))].sort();
  return { tiers: distinct(profiles.map(({ tier }) => tier)), markets: distinct(profiles.map(({ market }) => market)) };
}

function including(values: readonly string[], value: string): readonly string[] {
  return value === '' || values.includes(value) ? values : [...values, value].sort();
}

/** `2026-11-27T08:00`, as the browser's own field has it, of an instant; in UTC. */
function fieldText(instant: string): string {
  return new Date(instant).toISOString().slice(0, 16);
}

function TimeChoice({ at, onChange }: { readonly at: string; readonly onChange: ChangeAddress }) {
  const [picking, setPicking] = useState(false);
  const choose = (event: ChangeEvent<HTMLSelectElement>) => {
    const value = event.currentTarget.value;
    setPicking(value === OTHER);
    if (value !== OTHER) onChange({ at: value });
  };
  const presets = DAY_PART_HOURS.map(([name, hour]) => ({ name, instant: hourToday(hour, Date.now()) }));
  const preset = presets.some(({ instant }) => instant === at);
  return (
    <>
      <label className={styles.choice} data-set={at !== ''}>
        <ClockIcon />
        <select aria-label="Time" value={picking ? OTHER : at} onChange={choose}>
          <option value="">Now</option>
          {presets.map(({ name, instant }) => (
            <option key={name} value={instant}>
              {name}
            </option>
          ))}
          {at !== '' && !preset && <option value={at}>{instantText(Date.parse(at))}</option>}
          <option value={OTHER}>Another time …</option>
        </select>
      </label>
      {picking && (
        <label className={styles.choice}>
          <span className="visually-hidden">Date and time, UTC</span>
          <input
            type="datetime-local"
            defaultValue={fieldText(at === '' ? new Date().toISOString() : at)}
            onChange={(event) => {
              const value = event.currentTarget.value;
              if (value !== '') onChange({ at: `${value}:00Z` });
            }}
            onBlur={() => setPicking(false)}
          />
        </label>
      )}
    </>
  );
}

export function Conditions({ address, profile, onChange }: ConditionsProps) {
  const { tiers, markets } = useKnown();
  const { tier, market, at, filter } = address;
  const changed = tier !== '' || market !== '' || at !== '';
  return (
    <div className={styles.conditions}>
      <fieldset className={styles.chips}>
        <legend className="visually-hidden">Show</legend>
        {CHIPS.map(([value, name]) => (
          <label key={name} data-on={value === filter}>
            <input
              type="radio"
              name="filter"
              value={value}
              checked={value === filter}
              onChange={() => onChange({ filter: value })}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <div className={styles.choices}>
        <TimeChoice at={at} onChange={onChange} />
        <label className={styles.choice} data-set={tier !== ''}>
          <TierIcon />
          <select aria-label="Tier" value={tier} onChange={(event) => onChange({ tier: event.currentTarget.value })}>
            <option value="">{profile?.tier ?? 'Own tier'}</option>
            {including(tiers, tier)
              .filter((one) => one !== profile?.tier)
              .map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
          </select>
        </label>
        <label className={styles.choice} data-set={market !== ''}>
          <MarketIcon />
          <select
            aria-label="Market"
            value={market}
            onChange={(event) => onChange({ market: event.currentTarget.value })}
          >
            <option value="">{profile?.market === undefined ? 'Own market' : marketName(profile.market)}</option>
            {including(markets, market)
              .filter((one) => one !== profile?.market)
              .map((one) => (
                <option key={one} value={one}>
                  {marketName(one)}
                </option>
              ))}
          </select>
        </label>
        {changed && (
          <button
            type="button"
            className={styles.reset}
            onClick={() => onChange({ tier: '', market: '', at: '' })}
            aria-label="Back to now, own tier and market"
            title="Back to now, own tier and market"
          >
            <CloseIcon />
          </button>
        )}
      </div>
    </div>
  );
}
