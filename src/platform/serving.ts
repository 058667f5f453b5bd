/**
 * The serving side: Homes and rankings, with what stands on them (playlists, campaigns) and what is noted beside them (pages,
 * traffic, the last minutes).
 */
import type { Clock } from '../base/index.ts';
import { createHoldout, HOLDOUT_ARM } from '../experiments/index.ts';
import type { Encoder } from '../features/index.ts';
import { createDecider, createHome, createRanker, FILTERS, isAudited } from '../home/index.ts';
import type { OnlineStore } from '../store/index.ts';
import { type CampaignService, createCampaigns } from './campaigns.ts';
import type { Catalogue } from './catalogue.ts';
import type { ResolvedPlatformOptions } from './config.ts';
import type { Decisions } from './decisions.ts';
import type { EpochReader, Epochs } from './epochs.ts';
import { createHomes, type Homes } from './homes.ts';
import { createLive, type Live } from './insights/live.ts';
import type { Listeners } from './listeners.ts';
import type { PlatformMetrics } from './metrics.ts';
import { createPages, type Pages } from './pages.ts';
import { createPlaylists, type Playlists } from './playlists/index.ts';
import { createRankings, type OwnRankings } from './rankings.ts';
import { explainRecord, replayRecord } from './replays.ts';
import type { ReplayReport } from './service.ts';
import { createStandingPages, type StandingPages } from './standing.ts';
import type { States } from './states.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import type { StoredVocabularies } from './vocabularies.ts';

export interface Serving {
  readonly homes: Homes;
  readonly rankings: OwnRankings;
  readonly playlists: Playlists;
  readonly campaigns: CampaignService;
  /** What references of events point to. */
  readonly pages: Pages;
  readonly standing: StandingPages;
  readonly traffic: Traffic;
  readonly live: Live;
  replay(decisionId: string, readBytes: () => Promise<Uint8Array>): Promise<ReplayReport>;
}

export function createServing(dependencies: {
  readonly store: OnlineStore;
  readonly encoder: Encoder;
  readonly vocabularies: StoredVocabularies;
  readonly listeners: Listeners;
  readonly catalogue: Catalogue;
  readonly epochs: Epochs;
  readonly replayEpochs: EpochReader;
  readonly decisions: Decisions;
  readonly states: () => States;
  readonly metrics: PlatformMetrics;
  readonly options: ResolvedPlatformOptions;
  readonly clock: Clock;
}): Serving {
  const { store, encoder, vocabularies, listeners, catalogue, epochs, replayEpochs, decisions, states } = dependencies;
  const { metrics, options, clock } = dependencies;
  const { serving } = epochs;
  const replayDecider = createDecider(encoder);
  const isHeldOut = heldOutBy(options.popularityHoldout);
  const onTrouble = (what: string, error: string): void => {
    metrics.stageFailed(what);
    options.logger.warn({ stage: what, error }, 'a stage of Home failed');
  };

  const campaigns = createCampaigns({
    store,
    vocabularies,
    knowsItem: catalogue.has,
    serve: epochs.serveCampaigns,
  });
  const live = createLive(clock, (stage) => FILTERS.some(({ name }) => name === stage));
  const home = createHome({
    clock,
    encoder,
    vocabularies,
    texts: catalogue,
    record: decisions.write,
    onTrouble,
    onDecided: live.noteStages,
  });
  const pages = createPages(decisions.bytes, catalogue.id);
  const standing = createStandingPages(options.pageLifetimeMs);
  const traffic = createTraffic(store, options.botRules, clock.nowMs);
  const playlists = createPlaylists({
    store,
    listeners,
    states,
    catalogue,
    vocabularies,
    serving,
    settings: options.playlistSettings,
    clock,
    onTrouble,
  });
  const homes = createHomes({
    home,
    listeners,
    states,
    decisions,
    pages,
    standing,
    serving,
    isHeldOut,
    isFlagged: traffic.isFlagged,
    texts: catalogue,
    playlists,
    vocabularies,
    onTrouble,
    clock,
    freshSeed: options.freshSeed,
    pageLifetimeMs: options.pageLifetimeMs,
    explain: (record, secret) => explainRecord(record, secret, replayEpochs, replayDecider),
    onServed(ms, policyId, degraded) {
      metrics.served(ms, policyId, degraded);
      live.noteHome(ms, policyId !== 'again', degraded);
    },
  });
  const rankings = createRankings({
    ranker: createRanker({ encoder, vocabularies, isAudited }),
    listeners,
    states,
    decisions,
    serving,
    vocabularies,
    // An item that is younger than the catalogue's epoch is ranked as soon as that has it.
    knowsItem: (item) => item < serving().catalog.size && catalogue.has(item),
    isHeldOut,
    isFlagged: traffic.isFlagged,
    store,
    clock,
    freshSeed: options.freshSeed,
  });

  return {
    homes,
    rankings,
    playlists,
    campaigns,
    pages,
    standing,
    traffic,
    live,
    replay: (decisionId, readBytes) =>
      replayRecord(decisionId, readBytes, listeners.secretOf, replayEpochs, replayDecider),
  };
}

/** Listeners whose arm is remembered. */
const HELD_OUT_KNOWN = 100_000;

/** The permanent hold-out: who is in it gets popularity, in Homes and rankings alike. */
function heldOutBy(share: number): (listenerKey: string) => boolean {
  if (share === 0) return () => false;
  const allocation = createHoldout(share);
  // A hash takes microseconds of every page; the answer never changes.
  const known = new Map<string, boolean>();
  return (listenerKey) => {
    let isHeldOut = known.get(listenerKey);
    if (isHeldOut === undefined) {
      if (known.size >= HELD_OUT_KNOWN) known.clear();
      isHeldOut = allocation.armOf(listenerKey) === HOLDOUT_ARM;
      known.set(listenerKey, isHeldOut);
    }
    return isHeldOut;
  };
}
