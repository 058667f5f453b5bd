/** The Home's address with its defaults filled in, and how to change part of it. */
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { Device } from '../shell/api.ts';
import type { Filter, HomeSearch } from './address.ts';

const route = getRouteApi('/');
const PHONE_WIDTH = 640;

export interface HomeAddress {
  /** Empty while nobody is chosen. */
  readonly listener: string;
  readonly device: Device;
  /** Empty where the listener's own holds. */
  readonly tier: string;
  readonly market: string;
  /** Empty for now. */
  readonly at: string;
  readonly filter: Filter | '';
  readonly explain: boolean;
  readonly compare: string;
  readonly open: string;
}
/** An empty text takes a part out of the address. */
export type ChangeAddress = (change: Partial<HomeAddress>) => void;

export function deviceOfScreen(): Device {
  return window.innerWidth < PHONE_WIDTH ? 'phone' : 'desktop';
}

/** Another listener, and a playlist that opens, are steps to go back from; a switch is not. */
export function useHomeAddress(): readonly [HomeAddress, ChangeAddress] {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const address = useMemo<HomeAddress>(
    () => ({
      listener: search.listener ?? '',
      device: search.device ?? deviceOfScreen(),
      tier: search.tier ?? '',
      market: search.market ?? '',
      at: search.at ?? '',
      filter: search.filter ?? '',
      explain: search.explain ?? false,
      compare: search.compare ?? '',
      open: search.open ?? '',
    }),
    [search],
  );
  const change = useCallback<ChangeAddress>(
    (part) => {
      const step = part.listener !== undefined || (part.open !== undefined && part.open !== '');
      void navigate({
        to: '/',
        search: (now: HomeSearch) => without({ ...now, ...part }) as HomeSearch,
        replace: !step,
        resetScroll: part.listener !== undefined,
      });
    },
    [navigate],
  );
  return [address, change];
}

function without(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== '' && value !== false));
}
