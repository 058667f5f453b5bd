/** What Prometheus reads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventLog } from '../store/index.ts';
import type { HomeCounts } from './homes.ts';
import type { IngestCounts } from './ingest.ts';
import type { PlaylistCounts } from './playlists/index.ts';
import type { States } from './states.ts';
import type { Traffic } from './traffic.ts';

/** What the last collection left, and what all have removed since the start. */
export interface EpochCounts {
  kept: number;
  keptBytes: number;
  removed: number;
}

export interface PlatformMetrics {
  served(ms: number, policyId: string, degraded: boolean): void;
  stageFailed(stage: string): void;
  watch(parts: {
    readonly ingest: IngestCounts;
    readonly homes: Readonly<HomeCounts>;
    readonly decisions: { readonly bytes: number; readonly unrecorded: number };
    readonly catalogue: { readonly size: number; readonly heldBytes: number };
    readonly listeners: { count(): number };
    readonly states: () => States;
    readonly epochs: Readonly<EpochCounts>;
    readonly traffic: Pick<Traffic, 'counts'>;
    readonly playlists: Readonly<PlaylistCounts>;
  }): void;
  text(): Promise<string>;
}

export function createPlatformMetrics(logs: {
  readonly events: EventLog;
  readonly decisions: EventLog;
}): PlatformMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'shelfwise_' });
  const homeSeconds = new Histogram({
    name: 'shelfwise_home_seconds',
    help: 'Time to answer a Home, by policy (again: the same decision served again).',
    labelNames: ['policy'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'shelfwise_home_stage_failures_total',
    help: 'Stages of Home that failed open.',
    labelNames: ['stage'],
    registers: [registry],
  });
  for (const [stream, log] of Object.entries(logs)) {
    new Gauge({
      name: `shelfwise_log_${stream}_sync_seconds`,
      help: `Median time of the last syncs of the log of ${stream}.`,
      registers: [registry],
      collect() {
        this.set(log.fsyncP50Us() / 1e6);
      },
    });
    new Gauge({
      name: `shelfwise_log_${stream}_full`,
      help: `1 while the disk refuses the log of ${stream}.`,
      registers: [registry],
      collect() {
        this.set(log.full ? 1 : 0);
      },
    });
  }
  const perPolicy = new Map<string, Histogram.Internal<'policy'>>();

  return {
    served(ms, policyId) {
      let histogram = perPolicy.get(policyId);
      if (histogram === undefined) {
        histogram = homeSeconds.labels(policyId);
        perPolicy.set(policyId, histogram);
      }
      histogram.observe(ms / 1000);
    },
    stageFailed(stage) {
      failures.inc({ stage });
    },
    watch(parts) {
      const watched = (name: string, help: string, read: () => number): void => {
        new Gauge({
          name: `shelfwise_${name}`,
          help,
          registers: [registry],
          collect() {
            this.set(read());
          },
        });
      };
      watched('events_accepted', 'Events accepted since the start.', () => parts.ingest.accepted);
      watched('events_duplicate', 'Events that had been taken before.', () => parts.ingest.duplicate);
      watched('events_rejected', 'Events rejected.', () => parts.ingest.rejected);
      watched('events_private', 'Events of private sessions: acknowledged, not kept.', () => parts.ingest.private);
      watched('events_flagged', 'Events of flagged traffic: kept, not counted.', () => parts.ingest.flagged);
      watched('homes_private', 'Decisions of private sessions, not recorded.', () => parts.homes.unrecorded);
      watched('homes_unprofiled', 'Decisions without profiling.', () => parts.homes.unprofiled);
      watched('homes_flagged', 'Decisions for flagged traffic.', () => parts.homes.flagged);
      watched('listeners_flagged', 'Listeners flagged by their profile.', () => parts.traffic.counts().flagged);
      watched(
        'listeners_suspect',
        'Listeners taken for machines in the last 30 days.',
        () => parts.traffic.counts().suspects,
      );
      watched(
        'events_unknown_item',
        'Events of items that the catalogue did not have.',
        () => parts.ingest.unknownItems,
      );
      watched(
        'events_unfolded',
        'Events of listeners whose state does not read; a rebuild folds them.',
        () => parts.ingest.unfolded,
      );
      watched('homes_decided', 'Decisions made.', () => parts.homes.decided);
      watched('homes_served_again', 'Pages served again without a new decision.', () => parts.homes.servedAgain);
      watched('homes_degraded', 'Decisions marked degraded.', () => parts.homes.degraded);
      watched(
        'decisions_unrecorded',
        'Records and servings that the disk had no room for.',
        () => parts.decisions.unrecorded,
      );
      watched('home_shelves', 'Eligible shelves of all decisions.', () => parts.homes.shelves);
      watched('home_candidates', 'Candidates after filters of all decisions.', () => parts.homes.candidates);
      watched('home_record_bytes', 'Bytes of the records of all decisions.', () => parts.decisions.bytes);
      watched('playlists_made', 'Groups of playlists made for listeners.', () => parts.playlists.made);
      watched('playlists_made_ms', 'Milliseconds of the serving thread that it took.', () => parts.playlists.madeMs);
      watched('playlists_longest_step_ms', 'The longest step of it.', () => parts.playlists.longestStepMs);
      watched(
        'playlists_deferred',
        'Homes that did not wait for playlists: making them had taken its share of the time.',
        () => parts.playlists.deferred,
      );
      watched('items', 'Items of the catalogue.', () => parts.catalogue.size);
      watched('card_words_bytes', 'Memory that the words of cards take.', () => parts.catalogue.heldBytes);
      watched('listeners', 'Listeners known.', () => parts.listeners.count());
      watched('epochs', 'Epochs kept, at the last collection.', () => parts.epochs.kept);
      watched('epoch_bytes', 'Bytes of epochs, at the last collection.', () => parts.epochs.keptBytes);
      watched('epochs_removed', 'Epochs removed since the start.', () => parts.epochs.removed);
      watched('states_cached', 'Listener states in memory.', () => parts.states().cached);
      watched('states_dirty', 'Listener states not yet written.', () => parts.states().dirty);
    },
    text: () => registry.metrics(),
  };
}
