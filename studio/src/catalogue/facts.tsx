/** What the catalogue says of an item. */
import type { ReactNode } from 'react';
import type { Item } from '../../../src/server/contract.ts';
import { clockText } from '../shell/clock-text.ts';
import { Panel } from '../shell/panel.tsx';
import { marketName } from '../shell/profile.ts';
import { dateText } from '../shell/times.ts';
import styles from './facts.module.css';

const NAMED_MARKETS = 12;

function windowText({ availableFrom, availableUntil }: Item): string {
  const day = (instant: string) => dateText(Date.parse(instant));
  if (availableFrom !== undefined && availableUntil !== undefined)
    return `${day(availableFrom)} – ${day(availableUntil)}`;
  if (availableFrom !== undefined) return `from ${day(availableFrom)}`;
  return availableUntil === undefined ? 'always' : `until ${day(availableUntil)}`;
}

function marketsText({ markets }: Item): string {
  if (markets === undefined) return 'everywhere';
  const named = markets.slice(0, NAMED_MARKETS).map(marketName).join(', ');
  return markets.length > NAMED_MARKETS ? `${named} and ${markets.length - NAMED_MARKETS} more` : named;
}

function factsOf(item: Item): readonly (readonly [string, ReactNode])[] {
  const facts: (readonly [string, ReactNode])[] = [['Id', <code key="id">{item.id}</code>]];
  if (item.releasedAt !== undefined) facts.push(['Released', dateText(Date.parse(item.releasedAt))]);
  if (item.durationMs !== undefined) facts.push(['Length', clockText(item.durationMs)]);
  if (item.genres !== undefined && item.genres.length > 0)
    facts.push([
      'Genres',
      <ul key="genres" className={styles.genres}>
        {item.genres.map((genre) => (
          <li key={genre}>{genre}</li>
        ))}
      </ul>,
    ]);
  facts.push(
    ['Markets', marketsText(item)],
    ['Tiers', item.tiers === undefined ? 'every tier' : item.tiers.join(', ')],
    ['Available', windowText(item)],
    ['Explicit', item.explicit === true ? 'yes' : 'no'],
  );
  for (const [name, value] of Object.entries(item.attributes ?? {})) facts.push([name, String(value)]);
  return facts;
}

export function Facts({ item }: { readonly item: Item }) {
  return (
    <Panel title="Facts">
      <dl className={styles.facts}>
        {factsOf(item).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
