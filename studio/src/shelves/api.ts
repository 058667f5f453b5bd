/** What the page “Shelves” asks of the platform. */
import type {
  Campaign,
  CampaignBody,
  CampaignList,
  Page,
  ShelfInsights,
  StoredCampaign,
  Switch,
  SwitchList,
} from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';

const asJson = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export function fetchFigures(days: number, signal: AbortSignal): Promise<ShelfInsights> {
  return call<ShelfInsights>(`/v1/insights/shelves?days=${days}`, { signal });
}

export function fetchSwitches(signal: AbortSignal): Promise<SwitchList> {
  return call<SwitchList>('/v1/switches', { signal });
}

export function putSwitch(change: Switch): Promise<SwitchList> {
  return call<SwitchList>('/v1/switches', asJson('PUT', { switches: [change] }));
}

export async function fetchCampaigns(signal: AbortSignal): Promise<readonly Campaign[]> {
  return (await call<CampaignList>('/v1/campaigns', { signal })).campaigns;
}

const campaignPath = (id: string): string => `/v1/campaigns/${encodeURIComponent(id)}`;

export function putCampaign(id: string, body: CampaignBody): Promise<StoredCampaign> {
  return call<StoredCampaign>(campaignPath(id), asJson('PUT', body));
}

export function deleteCampaign(id: string): Promise<{ readonly deleted: boolean }> {
  return call(campaignPath(id), { method: 'DELETE' });
}

/** A Home of another time: it is no visit, and in no figure. */
export function previewHome(listenerId: string, device: string, at: string): Promise<Page> {
  const query = new URLSearchParams({ at, device, explain: 'true' });
  return call<Page>(`/v1/listeners/${encodeURIComponent(listenerId)}/home?${query}`);
}
