/**
 * Campaigns as kept and as served: each is a row of the online store; serving reads one immutable list of all of them,
 * which is replaced when one changes.
 */
import { canonicalJson, contentHash, ShelfwiseError, utf8 } from '../base/index.ts';
import {
  type Campaign,
  type CampaignBody,
  type Campaigns,
  campaignProblem,
  MAX_CAMPAIGNS,
  type ServedCampaign,
  serveCampaign,
} from '../domain/index.ts';
import type { OnlineStore } from '../store/index.ts';
import type { StoredVocabularies } from './vocabularies.ts';

const TABLE = 'campaigns';

export interface StoredCampaign {
  readonly fate: 'created' | 'updated' | 'unchanged';
  readonly campaign: Campaign;
  /** Items that the catalogue does not hold: they are shown once it does. */
  readonly unknownItems: readonly string[];
}

/** What the platform can do with campaigns. */
export interface CampaignService {
  /**
   * Stores a campaign under this id, in the place of one that was there. On disk, and on every Home decided from then on,
   * when the promise resolves. The body is of its schema; throws REQUEST_INVALID for times that cannot be, and for one
   * campaign too many.
   */
  putCampaign(id: string, body: CampaignBody): Promise<StoredCampaign>;
  getCampaign(id: string): Campaign | undefined;
  /** By id, ascending. */
  listCampaigns(): readonly Campaign[];
  /** True when there was such a campaign. No Home that is answered after the promise has resolved shows it. */
  deleteCampaign(id: string): Promise<boolean>;
}

export function createCampaigns(dependencies: {
  readonly store: OnlineStore;
  readonly vocabularies: StoredVocabularies;
  readonly knowsItem: (item: number) => boolean;
  /** Given the list that serves from now on: at once, and at every change. */
  readonly serve: (campaigns: Campaigns) => void;
}): CampaignService {
  const { store, vocabularies, knowsItem } = dependencies;
  const numberOf = (name: string): number => vocabularies.items.number(name);
  const byId = new Map<string, ServedCampaign>();
  const publish = (): void => dependencies.serve(servedList([...byId.values()]));

  for (const { value } of store.range(TABLE, {})) {
    const campaign = JSON.parse(Buffer.from(value).toString()) as Campaign;
    byId.set(campaign.id, serveCampaign(campaign, numberOf));
  }
  publish();

  return {
    async putCampaign(id, body) {
      const problem = campaignProblem(body);
      if (problem !== undefined) throw invalid(problem.pointer, problem.message);
      const known = byId.get(id);
      if (known === undefined && byId.size >= MAX_CAMPAIGNS) {
        throw invalid('', `there are ${MAX_CAMPAIGNS} campaigns already; delete one that is over`);
      }
      const campaign: Campaign = { ...body, id };
      const served = serveCampaign(campaign, numberOf);
      const unknownItems = campaign.items.filter((_, i) => !knowsItem(served.items[i]));
      if (known !== undefined && canonicalJson(known.campaign) === canonicalJson(campaign)) {
        return { fate: 'unchanged', campaign, unknownItems };
      }
      let settle = (): void => {};
      await store.transaction((write) => {
        settle = vocabularies.persist(write);
        write.put(TABLE, id, Buffer.from(JSON.stringify(campaign)));
      });
      settle();
      const fate = byId.has(id) ? 'updated' : 'created';
      byId.set(id, served);
      publish();
      return { fate, campaign, unknownItems };
    },
    getCampaign: (id) => byId.get(id)?.campaign,
    listCampaigns: () =>
      Array.from(byId.values(), ({ campaign }) => campaign).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
    async deleteCampaign(id) {
      if (!byId.has(id)) return false;
      await store.transaction((write) => write.remove(TABLE, id));
      const removed = byId.delete(id);
      publish();
      return removed;
    },
  };
}

function servedList(all: readonly ServedCampaign[]): Campaigns {
  const list = all.toSorted(
    (a, b) =>
      b.startsAtMs - a.startsAtMs || (a.campaign.id < b.campaign.id ? -1 : a.campaign.id > b.campaign.id ? 1 : 0),
  );
  return { hash: contentHash(utf8(canonicalJson(list.map(({ campaign }) => campaign)))), list };
}

function invalid(pointer: string, message: string): ShelfwiseError {
  return new ShelfwiseError('REQUEST_INVALID', pointer === '' ? message : `${pointer} ${message}`, {
    details: { errors: [{ pointer, message }] },
  });
}
