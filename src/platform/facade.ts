/** What the platform's parts do together, as `PlatformService`: each operation, and which part answers it. */
import { type Clock, ShelfwiseError } from '../base/index.ts';
import { type DecisionRecord, decodeDecision } from '../domain/index.ts';
import type { DataDirPaths, EventLog, Metadata, OnlineStore } from '../store/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { Compactor } from './compactor.ts';
import type { ConfigurationService } from './configuration/status.ts';
import type { Decisions } from './decisions.ts';
import type { Epochs } from './epochs.ts';
import type { Erasures } from './erasure.ts';
import type { EvaluationService } from './evaluation/comparison.ts';
import type { InsteadService } from './evaluation/instead.ts';
import { exportListener } from './export.ts';
import { hidePairs } from './hidden-pairs.ts';
import type { Ingest } from './ingest.ts';
import type { Insights } from './insights/insights.ts';
import { createItemRefs } from './insights/item-refs.ts';
import type { Keys } from './keys.ts';
import type { Learning } from './learning.ts';
import type { Listeners } from './listeners.ts';
import type { PlatformMetrics } from './metrics.ts';
import type { Rebuild } from './rebuild.ts';
import type { SeenEvents } from './seen.ts';
import type { ListenerSummary, PlatformService } from './service.ts';
import type { Serving } from './serving.ts';
import type { StateTables } from './state-tables.ts';
import { summarise } from './summary.ts';
import type { SwitchService } from './switches.ts';
import type { ExaminationService } from './training/examination-report.ts';
import type { ModelService } from './training/report.ts';
import type { AlertService, DataService } from './validation/service.ts';
import { VERSION } from './version.ts';
import type { StoredVocabularies } from './vocabularies.ts';
import type { OnProgress, OpenLog, Workshop } from './workshop.ts';

export function createFacade(dependencies: {
  readonly store: OnlineStore;
  readonly metadata: Metadata;
  readonly events: EventLog;
  readonly decisionLog: EventLog;
  readonly paths: DataDirPaths;
  readonly vocabularies: StoredVocabularies;
  readonly listeners: Listeners;
  readonly catalogue: Catalogue;
  readonly epochs: Epochs;
  readonly decisions: Decisions;
  readonly seen: SeenEvents;
  readonly stateTables: StateTables;
  readonly serving: Serving;
  readonly ingest: Ingest;
  readonly learning: Learning;
  readonly rebuild: Rebuild;
  readonly compactor: Compactor;
  readonly workshop: Workshop;
  readonly insights: Insights;
  readonly switches: SwitchService;
  readonly models: ModelService;
  readonly evaluation: EvaluationService & InsteadService;
  readonly examination: ExaminationService;
  readonly data: DataService;
  readonly alerts: AlertService;
  readonly configuration: ConfigurationService;
  readonly keys: Keys;
  readonly erasures: Erasures;
  /** Goes on with what erasure was asked for; never rejects. */
  readonly eraseSoon: () => Promise<void>;
  readonly metrics: PlatformMetrics;
  /** What work in the background did last, in words: live. */
  readonly background: Readonly<Record<string, string>>;
  readonly isReady: () => boolean;
  readonly clock: Clock;
}): Omit<PlatformService, 'close'> {
  const { store, metadata, events, decisionLog, paths, vocabularies, listeners, catalogue, epochs } = dependencies;
  const { decisions, seen, stateTables, serving, ingest, learning, compactor, workshop, insights } = dependencies;
  const { switches, keys, erasures, metrics, clock } = dependencies;
  const { campaigns, homes, live, playlists } = serving;
  const { rank, rankingOf } = serving.rankings;
  const recordBytes = async (decisionId: string): Promise<Uint8Array> => {
    const bytes = await decisions.bytes(decisionId);
    if (bytes === undefined) throw new ShelfwiseError('DECISION_NOT_FOUND', decisionId);
    return bytes;
  };

  return {
    ...campaigns,
    rank,
    rankingOf,
    ...switches,
    ...dependencies.models,
    ...dependencies.evaluation,
    ...dependencies.examination,
    ...dependencies.configuration,
    ...dependencies.data,
    ...dependencies.alerts,

    upsertItems: catalogue.upsert,
    getItem: catalogue.get,
    deleteItem: catalogue.remove,
    searchItems: catalogue.search,

    putListener: async (id, profile) => (await listeners.put([{ id, profile }]))[0],
    putListeners: listeners.put,
    getListener(id): ListenerSummary | undefined {
      const entry = listeners.get(id);
      if (entry === undefined) return undefined;
      return summarise(entry, stateTables.states().get(entry.key).state, {
        catalogue,
        vocabularies,
        catalog: epochs.serving().catalog,
        nowMs: clock.nowMs(),
      });
    },
    listListeners: listeners.list,

    async ingest(rows) {
      const startMs = clock.monotonicMs();
      const fates = await ingest.accept(rows);
      let accepted = 0;
      for (const { fate } of fates) if (fate === 'accepted') accepted++;
      live.noteIngest(clock.monotonicMs() - startMs, accepted);
      return fates;
    },
    home: homes.answer,

    async decision(decisionId) {
      const bytes = await recordBytes(decisionId);
      const record = decodeDecision(bytes);
      if (listeners.secretOf(record.listenerKey) === undefined) throw new ShelfwiseError('DECISION_ERASED', decisionId);
      return describeDecision(record, bytes.length, catalogue.id);
    },
    replay: async (decisionId) => serving.replay(decisionId, () => recordBytes(decisionId)),
    recentDecisions: async (limit, before) => decisions.recent(limit, before),

    fit: ({ onProgress }) => learning.fit(onProgress),
    rebuildState: ({ onProgress }) => dependencies.rebuild(onProgress),
    evaluateRetrieval: ({ onProgress }) => learning.evaluateRetrieval(onProgress as OnProgress | undefined),
    async putHoldout(pairs) {
      hidePairs(paths.holdout, pairs);
    },
    doctor: ({ onProgress } = {}) =>
      workshop.turn((run) =>
        run(
          {
            kind: 'doctor',
            logs: { events: openLog(events), decisions: openLog(decisionLog) },
            epochs: epochs.current(),
            stateTable: stateTables.name(),
          },
          onProgress,
        ),
      ),
    compact: compactor.compact,

    insights,
    playlists,

    createKey: keys.create,
    listKeys: keys.list,
    rotateKey: keys.rotate,
    limitKey: keys.setLimit,
    revokeKey: keys.revoke,
    beginAction: metadata.audit.begin,
    endAction: metadata.audit.end,
    auditEntries: metadata.audit.list,
    auditNameOf: listeners.auditNameOf,
    async eraseListener(listenerId, actor) {
      const begun = await erasures.begin(listenerId, actor);
      if (begun !== undefined) void dependencies.eraseSoon();
      return begun;
    },
    exportListener: (listenerId) =>
      exportListener(listenerId, {
        listeners,
        insights,
        decisions,
        refs: createItemRefs(vocabularies.items, catalogue.get),
        playlists,
        rankings: serving.rankings,
        traffic: serving.traffic,
        audit: metadata.audit,
        holdoutFile: paths.holdout,
        clock,
      }),
    erasure: erasures.get,
    erasures: erasures.list,

    status: () => ({
      version: VERSION,
      items: catalogue.size,
      listeners: listeners.count(),
      events: seen.size,
      decisions: store.count('decisions'),
      epochs: epochs.current() as Record<string, string>,
      traffic: serving.traffic.counts(),
      ready: dependencies.isReady(),
      background: { ...dependencies.background },
    }),
    metrics: async () => `${await metrics.text()}${keys.metrics()}`,
  };
}

function openLog(log: EventLog): OpenLog {
  return { durableEnd: log.durableEnd(), cutBytes: log.recovery.cutBytes, full: log.full };
}

function describeDecision(
  record: DecisionRecord,
  recordBytes: number,
  idOf: (item: number) => string,
): Readonly<Record<string, unknown>> {
  return {
    ...record,
    seed: Buffer.from(record.seed).toString('hex'),
    listenerState: `${record.listenerState.length} bytes, sealed`,
    recordBytes,
    shelves: record.shelves.map((shelf) => ({
      ...shelf,
      seedItem: shelf.seedItem === 0xffffffff ? null : idOf(shelf.seedItem),
      items: Array.from(shelf.items, idOf),
      sources: Array.from(shelf.sources),
    })),
    audit:
      record.audit === undefined
        ? null
        : { candidates: record.audit.scores.length, steps: record.audit.distributions.length },
  };
}
