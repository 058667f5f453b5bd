/**
 * The composition root: everything that runs is made here, by name, and handed what it needs. In this order: the stores
 * (`stores.ts`), what is known, serving and taking in, what becomes durable, learning, insights, trust, timers, closing.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, messageOf, SECOND_MS } from '../base/index.ts';
import { isGenerated } from '../domain/index.ts';
import { createEncoder, homeFeatures } from '../features/index.ts';
import { type DataDir, type OnlineStore, openDataDir, openLmdbStore } from '../store/index.ts';
import { createBackground } from './background.ts';
import { createCatalogue, storedItems } from './catalogue.ts';
import { createColumns, noteColumnsBehind } from './columns.ts';
import { createCompactor } from './compactor.ts';
import { type PlatformOptions, type ResolvedPlatformOptions, resolvePlatformOptions } from './config.ts';
import { createConfigurer } from './configuration/configurer.ts';
import { createDecisions } from './decisions.ts';
import { createEpochReader, createEpochs } from './epochs.ts';
import type { ErasedPart } from './erased.ts';
import { createErasures } from './erasure.ts';
import { createInstead } from './evaluation/instead.ts';
import { createFacade } from './facade.ts';
import { createFlushing } from './flushing.ts';
import { forgetHiddenPairs } from './hidden-pairs.ts';
import { createIngest } from './ingest.ts';
import { createFrontier } from './insights/frontier.ts';
import { createInsights } from './insights/insights.ts';
import { createItemRefs } from './insights/item-refs.ts';
import { createInsightsThread } from './insights/thread.ts';
import { createKeys, ownKey } from './keys.ts';
import { createLearning } from './learning.ts';
import { createListeners } from './listeners.ts';
import { createPlatformMetrics } from './metrics.ts';
import { createRebuild, rebuildOutdated } from './rebuild.ts';
import { createCollector } from './retention.ts';
import { createSeenEvents } from './seen.ts';
import type { PlatformService } from './service.ts';
import { createServing } from './serving.ts';
import { openStateTables } from './state-tables.ts';
import { inOrder, openStores, type Stores } from './stores.ts';
import { createSwitches, storedSwitchedOff } from './switches.ts';
import { createModels } from './training/models.ts';
import { finishPromotion } from './training/promote.ts';
import { createRegistry } from './training/registry.ts';
import { createTrainer } from './training/trainer.ts';
import type { VerifiedKey } from './trust.ts';
import { createAlerting } from './validation/alerting.ts';
import { createPlatformRounds } from './validation/platform-rounds.ts';
import { createDataWatch } from './validation/watch.ts';
import { loadVocabularies } from './vocabularies.ts';
import { createWorkshop } from './workshop.ts';

/** A platform in this process, with what only its own process may ask of it. */
export interface Platform extends PlatformService {
  /** The platform's own key: every scope; printed by `shelfwise up`, known to clients on this machine by the lock file. */
  readonly adminKey: string;
  verifyKey(secret: string): VerifiedKey | null;
  /** Writes the address where it listens into the lock file; from then on alerts are judged and told. */
  setAddress(address: string): void;
  /** Writes everything that is in memory only. */
  flush(): Promise<void>;
  /** Counts, learns and publishes what came since the last time: what the learner's timer does. */
  learn(): Promise<void>;
  /** Counts and examines the data that is due: what a timer does. */
  examine(): Promise<void>;
  /** Removes the epochs that nothing that is to replay refers to: what a timer does every hour. */
  collectEpochs(): Promise<void>;
}

/** What stands behind the ports of the serving thread. */
export interface Adapters {
  /** @default LMDB */
  readonly online: (options: { readonly dir: string }) => OnlineStore;
  /** Called before each step of an erasure; when it rejects, the erasure stops there. @default nothing */
  readonly onErasureStep?: (step: string) => Promise<void> | void;
}

/** Only what could not be done at once waits for it. */
const ERASE_EVERY_MS = 10 * SECOND_MS;
const TIDY_EVERY_MS = 30 * SECOND_MS;
const COMPACT_EVERY_MS = 10 * MINUTE_MS;

const NO_CONFIGURATION = {
  file: '',
  hash: '',
  state: 'none',
  changedAtMs: 0,
  problems: [],
  waiting: [],
  model: null,
} as const;

export async function openPlatform(
  given: Partial<PlatformOptions> & { readonly dataDir: string },
  adapters: Adapters = { online: openLmdbStore },
): Promise<Platform> {
  const options = resolvePlatformOptions(given);
  const dataDir = openDataDir(options.dataDir, { clock: options.clock });
  const life = { closed: false };
  let stores: Stores | undefined;
  try {
    stores = await openStores(dataDir, adapters.online, options);
    return await assemble(options, adapters, dataDir, stores, life);
  } catch (error) {
    life.closed = true;
    await stores?.close();
    dataDir.release();
    throw error;
  }
}

async function assemble(
  options: ResolvedPlatformOptions,
  adapters: Adapters,
  dataDir: DataDir,
  stores: Stores,
  life: { closed: boolean },
): Promise<Platform> {
  const { clock, logger } = options;
  const { paths } = dataDir;
  const { store, metadata, events, decisionLog, epochStore, lake } = stores;
  const interrupted = await metadata.audit.settleInterrupted();
  if (interrupted > 0) logger.warn({ actions: interrupted }, 'actions of administration were cut off by the last stop');

  // What works in the background, and what it says.
  const workshop = createWorkshop({ dir: dataDir.dir });
  const { said: background, every, stop } = createBackground(clock, logger);
  const sayFor =
    (what: string) =>
    (text: string): void => {
      background[what] = text;
    };

  // What is known: names, listeners, items, epochs, decisions, states.
  const encoder = createEncoder(homeFeatures);
  const vocabularies = loadVocabularies(store);
  const erasing = (await metadata.erasures.pending()).flatMap(({ listener }) => (listener === null ? [] : [listener]));
  const listeners = createListeners(
    store,
    vocabularies,
    clock,
    erasing.map(({ key }) => key),
  );
  const catalogue = createCatalogue(store, vocabularies, noteColumnsBehind, () => columns.schedule());
  const epochs = await createEpochs({
    store: epochStore,
    metadata,
    encoder,
    vocabularies,
    tunables: { ...options.tunables, switchedOff: await storedSwitchedOff(metadata) },
    changed: catalogue.changed,
    clock,
    paths,
    items: () => storedItems(store),
    logger,
  });
  await finishPromotion(store, epochStore, epochs);
  const columns = createColumns({ store, workshop, catalogue, epochs, report: sayFor('catalogue'), logger });
  const decisions = createDecisions(decisionLog, store, listeners.secretOf, stores.readDecision, listeners.isErased);
  const seen = createSeenEvents(store, () => life.closed);
  const stateTables = openStateTables(store, options.cachedListeners, listeners.isErased);
  const { states } = stateTables;

  // Serving, and taking in.
  const metrics = createPlatformMetrics({ events, decisions: decisionLog });
  const epochsOf = createEpochReader(epochStore, encoder);
  const serving = createServing({
    store,
    encoder,
    vocabularies,
    listeners,
    catalogue,
    epochs,
    replayEpochs: epochsOf,
    decisions,
    states,
    metrics,
    options,
    clock,
  });
  const { homes, rankings, playlists, pages, standing, traffic, live } = serving;
  const switches = createSwitches({
    metadata,
    tunables: () => epochs.serving().tunables,
    retune: epochs.retune,
  });
  const ingest = createIngest({
    log: events,
    listeners,
    states,
    seen,
    pages,
    traffic,
    isPrivate: standing.isPrivate,
    vocabularies,
    clock,
    knowsItem: (item) => catalogue.has(item) || isGenerated(item),
    durationOf(itemId) {
      const number = itemId === undefined ? -1 : vocabularies.items.lookup(itemId);
      return number < 0 ? 0 : (epochs.serving().catalog.durationMs[number] ?? 0);
    },
    onEvent: homes.noteEvent,
  });
  const epochCounts = { kept: 0, keptBytes: 0, removed: 0 };
  metrics.watch({
    ingest: ingest.counts,
    decisions: decisions.counts,
    homes: homes.counts,
    catalogue,
    listeners,
    states,
    epochs: epochCounts,
    traffic,
    playlists: playlists.counts,
  });

  // What becomes durable; and what the logs have beyond that.
  const flushing = createFlushing({
    store,
    events,
    decisionLog,
    ingest,
    decisions,
    seen,
    stateTables,
    vocabularies,
    traffic,
  });
  const { flush } = flushing;
  const recovered = flushing.recover();
  if (recovered.events > 0) logger.info({ events: recovered.events }, 'events folded from the log after the last stop');
  if (recovered.decisions > 0)
    logger.info({ decisions: recovered.decisions }, 'decisions indexed from the log after the last stop');

  // Learning, and the upkeep of what it reads.
  const learning = createLearning({
    workshop,
    flushing,
    columns,
    catalogue,
    epochs,
    stateTables,
    holdoutFile: paths.holdout,
    clock,
    report: (what, text) => sayFor(what)(text),
    logger,
  });
  const registry = createRegistry({ metadata, store, epochStore, epochs, workshop, encoder, clock });
  const trainer = createTrainer({ dir: dataDir.dir, flushing, epochs, encoder, clock });
  const instead = createInstead({
    encoder,
    recordBytes: decisions.bytes,
    secretOf: listeners.secretOf,
    epochsOf,
    epochStore,
    serving: epochs.serving,
    texts: catalogue,
    refOf: createItemRefs(vocabularies.items, catalogue.get).byNumber,
  });
  const models = createModels(registry, trainer, () => configurer?.trainingDefaults() ?? {}, encoder);
  const configurer =
    options.configuration === null
      ? undefined
      : await createConfigurer({
          source: options.configuration,
          epochs,
          registry,
          trainModel: models.trainModel,
          settings: metadata.settings,
          encoder,
          clock,
          report: sayFor('configuration'),
          logger,
        });
  const rebuild = createRebuild({
    tables: stateTables,
    workshop,
    flushed: flushing.flushedEnds,
    flushWith: flushing.flushWith,
    recover: ingest.recover,
    clock,
  });
  const compactor = createCompactor({
    store,
    metadata,
    events,
    decisionLog,
    lake,
    workshop,
    flushing,
    stateTables,
    clock,
    report: sayFor('compactor'),
  });
  const collector = createCollector({
    workshop,
    flush,
    clock,
    retentionDays: options.epochRetentionDays,
    counts: epochCounts,
    report: sayFor('epochs'),
  });

  // Insights.
  const insightsThread = createInsightsThread(
    dataDir.dir,
    options.botRules,
    createFrontier({ events, decisionLog, epochs, stateTables, clock }),
    sayFor('insights'),
  );
  const insights = createInsights({
    thread: insightsThread,
    live,
    clock,
    vocabularies,
    getItem: catalogue.get,
    getListener: listeners.get,
    stateOf: (key) => states().get(key).state,
    serving: epochs.serving,
    currentEpochs: epochs.current,
    publishedAtMs: epochs.publishedAtMs,
    background,
  });

  // Data validation, and who is told of what it finds.
  const alerting = await createAlerting({
    metadata,
    settings: options.alertSettings,
    environment: options.environment,
    clock,
    logger,
  });
  const dataWatch = createDataWatch({
    dir: dataDir.dir,
    flushing,
    epochs,
    alerting,
    clock,
    report: sayFor('data'),
  });
  const platformRound = createPlatformRounds({
    ingest: ingest.counts,
    homes: homes.counts,
    logs: { events, decisions: decisionLog },
  });

  // Trust. Whoever keeps something of listeners is in this list; erasure calls on them all.
  const keepers: readonly ErasedPart[] = [
    { name: 'states', drop: ({ key }, write) => stateTables.erase(key, write) },
    { name: 'pages', drop: ({ key }) => standing.forgetListener(key) },
    { name: 'outlines', drop: ({ key }) => pages.forgetListener(key) },
    { name: 'playlists', drop: ({ key }, write) => playlists.erase(key, write) },
    { name: 'rankings', drop: ({ id }, write) => rankings.erase(id, write) },
    { name: 'trafficNotes', drop: ({ key }, write) => traffic.forget(key, write) },
    { name: 'hiddenPairs', drop: ({ id }) => forgetHiddenPairs(paths.holdout, id) },
    { name: 'openDecisions', settle: ({ key }) => insightsThread.forget(key) },
  ];
  const erasures = createErasures({
    metadata,
    listeners,
    workshop,
    logs: { events, decisions: decisionLog },
    flush,
    parts: keepers,
    clock,
    report: sayFor('erasure'),
    ...(adapters.onErasureStep === undefined ? {} : { onStep: adapters.onErasureStep }),
  });
  /** At once, and again by a timer when something stood in the way. */
  const eraseSoon = async (): Promise<void> => {
    try {
      await erasures.proceed();
    } catch (error) {
      if (!life.closed) logger.error({ error: messageOf(error) }, 'an erasure is not done yet; it is tried again');
    }
  };
  const adminKey = await ownKey(metadata);
  const keys = await createKeys(metadata, adminKey, clock);

  // Timers.
  every(options.stateFlushMs, 'states', flush);
  every(TIDY_EVERY_MS, 'event ids', () => flushing.exclusively(seen.tidy));
  every(MINUTE_MS, 'keys', keys.flush);
  if (configurer !== undefined) every(SECOND_MS, 'configuration', configurer.check);
  every(options.learnEveryMs, 'learner', learning.learn);
  every(options.insightsEveryMs, 'insights', insightsThread.follow);
  every(options.examineEveryMs, 'data', dataWatch.follow);
  every(MINUTE_MS, 'alerts', () => alerting.observe(platformRound()));
  every(HOUR_MS, 'alerts that ended', alerting.tidy);
  every(COMPACT_EVERY_MS, 'compactor', compactor.tidy);
  every(COMPACT_EVERY_MS, 'epochs', collector.whenDue);
  every(ERASE_EVERY_MS, 'erasure', erasures.proceed);
  every(HOUR_MS, 'audit', () => metadata.audit.forget(clock.nowMs() - options.auditRetentionDays * DAY_MS));
  // What another version has left, or a stop has cut off, is made good at once.
  if (epochs.unprepared() !== undefined) every(SECOND_MS, 'neighbours', learning.prepareNearest);
  if (stateTables.isOutdated()) {
    const tellRebuild = { tables: stateTables, rebuild, report: sayFor('rebuild'), logger };
    every(SECOND_MS, 'rebuild', () => rebuildOutdated(tellRebuild));
  }
  if (epochs.outdatedModel() !== undefined) every(SECOND_MS, 'fit', learning.refitOutdated);
  columns.scheduleIfBehind();
  if (erasing.length > 0) void eraseSoon();

  // Closing.
  const close = async (): Promise<void> => {
    life.closed = true;
    stop();
    columns.stop();
    workshop.refuse();
    try {
      await inOrder([
        () => configurer?.close(),
        trainer.close,
        alerting.close,
        playlists.close,
        // A full disk may refuse the last flush; what was acknowledged is in the log, and the next start folds it again.
        flush,
        keys.flush,
        insightsThread.close,
        dataWatch.close,
        // Not before the flush: a worker that ends while this thread writes to the store can hold both up for good.
        workshop.close,
        stores.close,
      ]);
    } finally {
      dataDir.release();
    }
  };
  let closing: Promise<void> | undefined;

  return {
    ...createFacade({
      store,
      metadata,
      events,
      decisionLog,
      paths,
      vocabularies,
      listeners,
      catalogue,
      epochs,
      decisions,
      seen,
      stateTables,
      serving,
      ingest,
      learning,
      rebuild,
      compactor,
      workshop,
      insights,
      switches,
      models,
      evaluation: {
        comparePolicies: (request, { onProgress, signal } = {}) => trainer.compare(request, onProgress, signal),
        exportEvaluationLog: (request, { onLines, onProgress, signal }) =>
          trainer.writeDown(request, onLines, onProgress, signal),
        ...instead,
      },
      examination: {
        estimateExamination: (request, { onProgress, signal } = {}) => trainer.examine(request, onProgress, signal),
      },
      data: dataWatch.service,
      alerts: alerting.service,
      configuration: configurer ?? { configurationStatus: () => NO_CONFIGURATION },
      keys,
      erasures,
      eraseSoon,
      metrics,
      background,
      isReady: () => !life.closed,
      clock,
    }),
    adminKey,
    verifyKey: keys.verify,
    setAddress(address) {
      dataDir.setAddress(address, adminKey);
      alerting.start();
    },
    flush,
    learn: learning.learn,
    examine: dataWatch.follow,
    collectEpochs: collector.collect,
    close: () => (closing ??= close()),
  };
}
