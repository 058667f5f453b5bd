/** What editors put on Homes: a row for each campaign that runs for the listener. */
import {
  type CampaignListener,
  type Campaigns,
  campaignNumbered,
  campaignTitle,
  runsFor,
  type ServedCampaign,
} from '../../domain/index.ts';
import { always, told } from '../messages/index.ts';
import { CHANNEL_BIT, type HomeRequest } from '../request.ts';
import type { ShelfDeclaration, Telling } from './declaration.ts';

/** Campaigns on one page at most; one of them is pinned at most. */
const ROWS = 3;
/** On a page of fewer rows nothing is pinned: these say what the listener came back for. */
const LEAST_ROWS_FOR_PINS = 6;

/** Does it run for this listener, at the time of this Home? */
function runs(request: HomeRequest, served: ServedCampaign): boolean {
  const { market, tier, profile, listenerKey } = request;
  const { language, ageBand } = profile;
  return runsFor(served, request.atMs, { market, tier, language, ageBand, listenerKey });
}

/** The campaign that has a rank of its own on this page: of several the one that began last. */
function pinnedFor(request: HomeRequest): ServedCampaign | undefined {
  if (request.shelfLimit < LEAST_ROWS_FOR_PINS) return undefined;
  for (const served of request.epochs.campaigns.list) {
    if (served.campaign.pinnedRank !== undefined && runs(request, served)) return served;
  }
  return undefined;
}

export const fromOurEditors: ShelfDeclaration = {
  id: 'from-our-editors',
  order: 'defined',
  // It says nothing of the listener: unless it is pinned it competes for its place, and for its cards.
  holdsWherePinned: true,
  isForEveryone: true,
  minCards: 1,
  maxCards: 20,
  unplayedOnly: false,
  seeds(request, out) {
    let count = 0;
    const pinned = pinnedFor(request);
    if (pinned !== undefined) out[count++] = pinned.number;
    for (const served of request.epochs.campaigns.list) {
      if (count === ROWS) break;
      if (served !== pinned && runs(request, served)) out[count++] = served.number;
    }
    return count;
  },
  /** Its own rank, or the next that no row has which was seen: these keep their places. */
  pinnedRank(request, seed) {
    const { carried, keptRanks, shelfLimit } = request;
    const pinned = pinnedFor(request);
    if (pinned?.number !== seed) return -1;
    const taken = new Set<number>(keptRanks.values());
    for (const row of carried) taken.add(row.rank);
    let rank = pinned.campaign.pinnedRank ?? 0;
    while (taken.has(rank)) rank++;
    return rank < shelfLimit ? rank : -1;
  },
  propose(request, seed, sink) {
    const served = campaignNumbered(request.epochs.campaigns, seed);
    for (const item of served?.items ?? []) sink.add(item, CHANNEL_BIT.catalog);
  },
  title({ campaigns, seedItem, language }) {
    const served = campaignNumbered(campaigns, seedItem);
    // A campaign that is gone is told of only where a page of before is explained.
    if (served === undefined) return told('from-our-editors.title');
    return told('verbatim', { text: campaignTitle(served.campaign, language) });
  },
  reason(about) {
    const sponsor = sponsorOf(about);
    return sponsor === undefined ? told('from-our-editors.reason') : told('from-our-editors.sponsored', { sponsor });
  },
  label: (about) => (sponsorOf(about) === undefined ? undefined : sponsored()),
  isSponsored: (_item, about) => sponsorOf(about) !== undefined,
};

/** May a row stand at this time? One of editors may while its campaign runs for the listener, any other may. */
export function mayRun(
  { shelfId, seedItem }: { readonly shelfId: string; readonly seedItem: number },
  campaigns: Campaigns,
  atMs: number,
  who: CampaignListener,
): boolean {
  if (shelfId !== fromOurEditors.id) return true;
  const served = campaignNumbered(campaigns, seedItem);
  return served !== undefined && runsFor(served, atMs, who);
}

const sponsored = always('shelf.sponsored');

function sponsorOf({ campaigns, seedItem }: Telling): string | undefined {
  return campaignNumbered(campaigns, seedItem)?.campaign.sponsor;
}
