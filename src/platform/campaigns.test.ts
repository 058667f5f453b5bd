import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type CampaignBody, type Campaigns, MAX_CAMPAIGNS, NO_CAMPAIGNS } from '../domain/index.ts';
import { type OnlineStore, openLmdbStore } from '../store/index.ts';
import { createCampaigns } from './campaigns.ts';
import { loadVocabularies } from './vocabularies.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-campaigns-'));
afterAll(() => rmSync(folder, { recursive: true }));

let store: OnlineStore;
let served: Campaigns = NO_CAMPAIGNS;
const opened = () => {
  const vocabularies = loadVocabularies(store);
  const known = vocabularies.items.number('known');
  return createCampaigns({
    store,
    vocabularies,
    knowsItem: (item) => item === known,
    serve: (campaigns) => {
      served = campaigns;
    },
  });
};
let serial = 0;
beforeEach(async () => {
  await store?.close();
  store = openLmdbStore({ dir: join(folder, String(serial++)) });
  served = NO_CAMPAIGNS;
});
afterAll(() => store.close());

const body = (more: Partial<CampaignBody> = {}): CampaignBody => ({
  title: { en: 'Summer' },
  items: ['known'],
  startsAt: '2026-06-01T00:00:00Z',
  endsAt: '2026-09-01T00:00:00Z',
  ...more,
});
const ids = () => served.list.map(({ campaign }) => campaign.id);

describe('campaigns', () => {
  it('serve from the answer on, those that began last first, and no more once they are deleted', async () => {
    const campaigns = opened();
    await campaigns.putCampaign('old', body({ startsAt: '2026-05-01T00:00:00Z' }));
    await campaigns.putCampaign('b', body());
    await campaigns.putCampaign('a', body());
    expect(ids()).toEqual(['a', 'b', 'old']);
    expect(campaigns.listCampaigns().map(({ id }) => id)).toEqual(['a', 'b', 'old']);
    expect(await campaigns.deleteCampaign('b')).toBe(true);
    expect(await campaigns.deleteCampaign('b')).toBe(false);
    expect(ids()).toEqual(['a', 'old']);
    expect(campaigns.getCampaign('b')).toBeUndefined();
  });

  it('replace the list and never change it; its hash tells what is in it', async () => {
    const campaigns = opened();
    const empty = served;
    const created = await campaigns.putCampaign('a', body());
    const first = served;
    expect([created.fate, empty.list.length, first.list.length]).toEqual(['created', 0, 1]);
    expect((await campaigns.putCampaign('a', body())).fate).toBe('unchanged');
    expect(served).toBe(first);
    expect((await campaigns.putCampaign('a', body({ sponsor: 'Acme' }))).fate).toBe('updated');
    expect(served.hash).not.toBe(first.hash);
    expect(first.list[0].campaign.sponsor).toBeUndefined();
    await campaigns.putCampaign('a', body());
    expect(served.hash).toBe(first.hash);
  });

  it('are read when the store is opened again, under the numbers that they had', async () => {
    await opened().putCampaign('a', body({ items: ['not-yet', 'known'] }));
    const [{ number, items }] = served.list;
    const { hash } = served;
    served = NO_CAMPAIGNS;
    const again = opened();
    expect(served.hash).toBe(hash);
    expect([served.list[0].number, ...served.list[0].items]).toEqual([number, ...items]);
    expect(again.getCampaign('a')).toMatchObject({ id: 'a', items: ['not-yet', 'known'] });
  });

  it('tell which items the catalogue does not hold', async () => {
    const campaigns = opened();
    expect((await campaigns.putCampaign('a', body({ items: ['x', 'known', 'y'] }))).unknownItems).toEqual(['x', 'y']);
  });

  it('are refused when they end before they begin, and when there are too many; those there are go on', async () => {
    const campaigns = opened();
    await expect(campaigns.putCampaign('a', body({ endsAt: '2026-05-01T00:00:00Z' }))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      details: { errors: [{ pointer: '/endsAt' }] },
    });
    for (let n = 0; n < MAX_CAMPAIGNS; n++) await campaigns.putCampaign(`c${n}`, body());
    await expect(campaigns.putCampaign('one-more', body())).rejects.toThrow(/200 campaigns already/);
    expect((await campaigns.putCampaign('c7', body({ sponsor: 'Acme' }))).fate).toBe('updated');
    expect(served.list.length).toBe(MAX_CAMPAIGNS);
  });
});
