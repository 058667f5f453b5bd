/** The Home on show beside another of the same listener: by another policy, at another time, on another device, for another tier or market. */
import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { Page, PageCard, PageShelf } from '../../../src/server/contract.ts';
import { type Device, fetchHome } from '../shell/api.ts';
import beside from '../shell/beside.module.css';
import { Chance } from '../shell/chance.tsx';
import { Cover } from '../shell/cover.tsx';
import { CloseIcon } from '../shell/icons.tsx';
import { marketName } from '../shell/profile.ts';
import { describeShared, putSideBySide, type SideBySide } from '../shell/side-by-side.ts';
import { Failure, Skeleton } from '../shell/states.tsx';
import { instantText } from '../shell/times.ts';
import { type Comparison, DEVICE_NAMES, formatComparison, parseComparison } from './address.ts';
import styles from './compare.module.css';
import { isGenerated } from './containers.ts';
import { DAY_PART_HOURS, daysBefore, hourToday } from './moments.ts';
import type { ChangeAddress, HomeAddress } from './use-home-address.ts';

const POLICIES = {
  popularity: 'What is popular, for everybody alike',
  greedy: 'The best by score, without exploring',
  uniform: 'Pure chance',
  'plackett-luce': 'As served: mostly the best, sometimes others',
} as const;
const OFFERED_DEVICES: readonly Device[] = ['phone', 'desktop', 'tv', 'car'];
const TIERS = ['free', 'premium'];

function comparisonText({ by, value }: Comparison): string {
  if (by === 'at') return instantText(Date.parse(value));
  if (by === 'device') return DEVICE_NAMES[value as Device] ?? value;
  if (by === 'market') return marketName(value);
  if (by === 'policy') return `By ${value}`;
  return value;
}

export function CompareMenu({
  address,
  onChange,
  target,
}: {
  readonly address: HomeAddress;
  readonly onChange: ChangeAddress;
  readonly target: ReactNode;
}) {
  const choose = (comparison: Comparison) => onChange({ compare: formatComparison(comparison) });
  const nowMs = Date.now();
  return (
    <Menu position="bottom-end" width={330} withinPortal>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown className={styles.choices ?? ''}>
        {address.compare !== '' && (
          <>
            <Menu.Item leftSection={<CloseIcon />} onClick={() => onChange({ compare: '' })}>
              Stop comparing
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Label>With another policy</Menu.Label>
        {Object.entries(POLICIES).map(([value, about]) => (
          <Menu.Item key={value} onClick={() => choose({ by: 'policy', value })}>
            {value}
            <span className={styles.about}>{about}</span>
          </Menu.Item>
        ))}
        <Menu.Label>With another time</Menu.Label>
        {DAY_PART_HOURS.map(([name, hour]) => (
          <Menu.Item key={name} onClick={() => choose({ by: 'at', value: hourToday(hour, nowMs) })}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => choose({ by: 'at', value: daysBefore(7, nowMs) })}>A week ago</Menu.Item>
        <Menu.Label>With another device or tier</Menu.Label>
        {OFFERED_DEVICES.filter((device) => device !== address.device).map((device) => (
          <Menu.Item key={device} onClick={() => choose({ by: 'device', value: device })}>
            {DEVICE_NAMES[device]}
          </Menu.Item>
        ))}
        {TIERS.map((tier) => (
          <Menu.Item key={tier} onClick={() => choose({ by: 'tier', value: tier })}>
            {tier}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The second Home. It is looked at, not visited: nothing of it is recorded. */
function useOtherHome(address: HomeAddress, comparison: Comparison | undefined) {
  const asked = useMemo(() => {
    const { listener, device, tier, market, at, filter } = address;
    const base = { listener, device, tier, market, filter, at, policy: '' };
    return comparison === undefined ? base : { ...base, [comparison.by]: comparison.value };
  }, [address, comparison]);
  return useQuery({
    queryKey: [
      'compared-home',
      asked.listener,
      address.compare,
      address.device,
      asked.tier,
      asked.market,
      asked.at,
      asked.filter,
    ],
    queryFn: ({ signal }) =>
      fetchHome({ ...asked, listenerId: asked.listener, sessionId: 'compare', fresh: true, isPrivate: true }, signal),
    enabled: comparison !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function SmallCard({ card, shared, explained }: { card: PageCard; shared: boolean; explained: boolean }) {
  const picture = (
    <>
      <Cover card={card} />
      <span className={beside.cardTitle}>{card.title}</span>
      {!shared && <span className="visually-hidden"> (only here)</span>}
      {explained && card.explain !== undefined && <Chance {...card.explain} />}
    </>
  );
  return (
    <li className={beside.card} data-only={!shared} title={card.title}>
      {isGenerated(card.id) ? (
        <span>{picture}</span>
      ) : (
        <Link to="/catalogue/$itemId" params={{ itemId: card.id }}>
          {picture}
        </Link>
      )}
    </li>
  );
}

function placeText(shelf: PageShelf, both: SideBySide, second: boolean): string {
  const rise = both.rises.get(shelf.id);
  if (rise === undefined) return 'only here';
  if (!second || rise === 0) return '';
  return rise > 0 ? `↑ ${rise}` : `↓ ${-rise}`;
}

interface ColumnProps {
  readonly name: string;
  readonly page: Page;
  readonly both: SideBySide;
  readonly second: boolean;
  readonly explained: boolean;
}

function Column({ name, page, both, second, explained }: ColumnProps) {
  return (
    <section className={beside.column} aria-label={name}>
      <header className={beside.columnHead}>
        <h2>{name}</h2>
        <p>
          {page.policy} · {page.shelves.length} shelves
        </p>
      </header>
      <ol className={beside.shelves}>
        {page.shelves.map((shelf) => {
          const place = placeText(shelf, both, second);
          return (
            <li key={shelf.id} className={beside.shelf} data-only={!both.shelves.has(shelf.id)}>
              <h3>
                <span className={beside.rank}>{shelf.rank + 1}</span>
                <span className={beside.shelfTitle}>{shelf.title}</span>
                {place !== '' && <span className={beside.place}>{place}</span>}
                {explained && shelf.explain !== undefined && <Chance {...shelf.explain} />}
              </h3>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
              <ol className={beside.cards} tabIndex={0} aria-label={shelf.title}>
                {shelf.cards.map((card) => (
                  <SmallCard key={card.id} card={card} shared={both.cards.has(card.id)} explained={explained} />
                ))}
              </ol>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

export function CompareView({ address, page }: { readonly address: HomeAddress; readonly page: Page }) {
  const comparison = useMemo(() => parseComparison(address.compare), [address.compare]);
  const other = useOtherHome(address, comparison);
  const both = useMemo(
    () => (other.data === undefined ? undefined : putSideBySide(page, other.data)),
    [page, other.data],
  );
  if (comparison === undefined) return null;
  if (other.error !== null) return <Failure failure={other.error} onRetry={() => void other.refetch()} />;
  if (other.data === undefined || both === undefined)
    return (
      <div className={`${beside.view} ${styles.view}`} data-narrow="swiped" aria-busy="true">
        <Skeleton heightPx={900} />
        <Skeleton heightPx={900} />
      </div>
    );
  return (
    <>
      <p className={styles.shared} role="status">
        {describeShared(page, other.data, both)} <span className={styles.key}>Framed: only on that side.</span>
      </p>
      <div className={`${beside.view} ${styles.view}`} data-narrow="swiped">
        <Column name="As served" page={page} both={both} second={false} explained={address.explain} />
        <Column name={comparisonText(comparison)} page={other.data} both={both} second explained={address.explain} />
      </div>
    </>
  );
}
