/** What the catalogue's pages ask of the platform. */
import type { ItemExposure, ItemList, ItemNeighbours, ItemRelatives } from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';
import type { Kind } from './kinds.ts';

export function findItems(
  search: string,
  kind: Kind | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<ItemList> {
  const query = new URLSearchParams({ search, limit: String(limit) });
  if (kind !== undefined) query.set('kind', kind);
  return call<ItemList>(`/v1/items?${query}`, { signal });
}

const pathOf = (id: string, what: string): string => `/v1/items/${encodeURIComponent(id)}/${what}`;

export function fetchExposure(id: string, signal: AbortSignal): Promise<ItemExposure> {
  return call<ItemExposure>(pathOf(id, 'exposure'), { signal });
}

export function fetchNeighbours(id: string, limit: number, signal: AbortSignal): Promise<ItemNeighbours> {
  return call<ItemNeighbours>(`${pathOf(id, 'neighbours')}?limit=${limit}`, { signal });
}

export function fetchRelatives(id: string, signal: AbortSignal): Promise<ItemRelatives> {
  return call<ItemRelatives>(pathOf(id, 'relatives'), { signal });
}
