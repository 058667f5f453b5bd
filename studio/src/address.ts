/** What the address bar holds, so that any Home can be linked to: `?listener=…&device=…&explain=1`. */
import { useMemo, useSyncExternalStore } from 'react';
import type { Device } from './api.ts';

export const DEVICE_NAMES: Readonly<Record<Device, string>> = {
  phone: 'Phone',
  tablet: 'Tablet',
  desktop: 'Desktop',
  web: 'Web',
  tv: 'TV',
  car: 'Car',
  speaker: 'Speaker',
};

export interface Address {
  /** Empty while nobody is chosen. */
  readonly listener: string;
  readonly device: Device;
  readonly explain: boolean;
}

function isDevice(text: string | null): text is Device {
  return text !== null && Object.hasOwn(DEVICE_NAMES, text);
}

/** Reads a query string; what is missing or unknown falls back. */
export function parseAddress(search: string, fallbackDevice: Device): Address {
  const query = new URLSearchParams(search);
  const device = query.get('device');
  const explain = query.get('explain');
  return {
    listener: query.get('listener') ?? '',
    device: isDevice(device) ? device : fallbackDevice,
    explain: explain === '1' || explain === 'true',
  };
}

export function formatAddress(address: Address): string {
  const query = new URLSearchParams();
  if (address.listener !== '') query.set('listener', address.listener);
  query.set('device', address.device);
  if (address.explain) query.set('explain', '1');
  return `?${query}`;
}

const PHONE_WIDTH = 640;
const changed = new EventTarget();

function subscribe(onChange: () => void): () => void {
  window.addEventListener('popstate', onChange);
  changed.addEventListener('change', onChange);
  return () => {
    window.removeEventListener('popstate', onChange);
    changed.removeEventListener('change', onChange);
  };
}

/** The address and how to change part of it. Another listener is a step to go back from; a switch is not. */
export function useAddress(): readonly [Address, (change: Partial<Address>) => void] {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  const fallback: Device = window.innerWidth < PHONE_WIDTH ? 'phone' : 'desktop';
  const address = useMemo(() => parseAddress(search, fallback), [search, fallback]);
  const change = (part: Partial<Address>) => {
    const next = { ...address, ...part };
    const url = formatAddress(next);
    if (next.listener !== address.listener) window.history.pushState(null, '', url);
    else window.history.replaceState(null, '', url);
    changed.dispatchEvent(new Event('change'));
  };
  return [address, change];
}
