/** The way between the pages: a rail at the side, a bar at the bottom of a phone. */
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import {
  CatalogueIcon,
  DataIcon,
  HomeIcon,
  ListenersIcon,
  LiveIcon,
  ModelsIcon,
  MoonIcon,
  SearchIcon,
  ShelvesIcon,
  SunIcon,
  WhatIfIcon,
} from './icons.tsx';
import { lastHome } from './last-home.ts';
import styles from './navigation.module.css';

export interface PageLink {
  readonly to: '/' | '/listeners' | '/catalogue' | '/shelves' | '/models' | '/what-if' | '/data' | '/live';
  readonly name: string;
  readonly about: string;
  readonly icon: ReactNode;
}

export const PAGES: readonly PageLink[] = [
  { to: '/', name: 'Home', about: 'Any listener’s Home, and why', icon: <HomeIcon /> },
  { to: '/listeners', name: 'Listeners', about: 'Tastes, habits, decisions', icon: <ListenersIcon /> },
  { to: '/catalogue', name: 'Catalogue', about: 'Items, neighbours, exposure', icon: <CatalogueIcon /> },
  { to: '/shelves', name: 'Shelves', about: 'Figures, switches, campaigns', icon: <ShelvesIcon /> },
  { to: '/models', name: 'Models', about: 'What scores, how well, and why', icon: <ModelsIcon /> },
  {
    to: '/what-if',
    name: 'What if',
    about: 'What other policies would have earned, and shown',
    icon: <WhatIfIcon />,
  },
  { to: '/data', name: 'Data', about: 'Statistics, anomalies, drift, schemas, alerts', icon: <DataIcon /> },
  { to: '/live', name: 'Live', about: 'Requests and latencies as they come', icon: <LiveIcon /> },
];

/** The other colour scheme, and how to go there. */
export function useSchemeSwitch(): { readonly other: 'dark' | 'light'; readonly switchScheme: () => void } {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('dark') === 'dark' ? 'light' : 'dark';
  return { other, switchScheme: () => setColorScheme(other) };
}

export const SEARCH_KEYS =
  typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K';

interface NavigationProps {
  readonly onSearch: () => void;
  /** False while there is no key: nothing to search yet. */
  readonly enabled: boolean;
}

export function Navigation({ onSearch, enabled }: NavigationProps) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { other, switchScheme } = useSchemeSwitch();
  const here = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`));
  return (
    <nav className={styles.rail} aria-label="Pages">
      <Link to="/" search={{}} className={styles.brand} aria-label="Shelfwise, choose who listens">
        <img src="/favicon.svg" alt="" width={36} height={36} />
      </Link>
      <ul className={styles.pages}>
        {PAGES.map(({ to, name, icon }) => (
          <li key={to}>
            <Link
              to={to}
              search={to === '/' && path !== '/' ? lastHome() : {}}
              className={styles.page}
              aria-current={here(to) ? 'page' : undefined}
              activeOptions={{ exact: true }}
            >
              <span className={styles.icon}>{icon}</span>
              <span className={styles.name}>{name}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className={styles.tools}>
        <button
          type="button"
          className={styles.page}
          onClick={onSearch}
          disabled={!enabled}
          title={`Search (${SEARCH_KEYS})`}
        >
          <span className={styles.icon}>
            <SearchIcon />
          </span>
          <span className={styles.name}>Search</span>
        </button>
        <button
          type="button"
          className={styles.scheme}
          onClick={switchScheme}
          aria-label={`Switch to ${other}`}
          title={`Switch to ${other}`}
        >
          {other === 'light' ? <SunIcon /> : <MoonIcon />}
        </button>
      </div>
    </nav>
  );
}
