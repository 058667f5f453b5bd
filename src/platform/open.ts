/** The composition root: everything that runs is made here, by name, and handed what it needs. */
import { chmodSync, existsSync } from 'node:fs';
import { DAY_MS, HOUR_MS, MINUTE_MS, messageOf, SECOND_MS, ShelfwiseError } from '../base/index.ts';
import { type DecisionRecord, decodeDecision, isGenerated } from '../domain/index.ts';
import { createHoldout, HOLDOUT_ARM } from '../experiments/index.ts';
import { createEncoder, homeFeatures } from '../features/index.ts';
import { createDecider, createHome, createRanker, FILTERS, isAudited } from '../home/index.ts';
import { STATE_VERSION } from '../signals/index.ts';
import {
  type DataDir,
  type EventLog,
  type LogPosition,
  type OnlineStore,
  openDataDir,
  openEpochStore,
  openEventLog,
  openLake,
  openLmdbStore,
  openMetadata,
  openWarehouse,
  streamEntry,
  type Warehouse,
} from '../store/index.ts';
import { createBackground } from './background.ts';
import { createCampaigns } from './campaigns.ts';
import { createCatalogue, storedItems } from './catalogue.ts';
import { learnerPlace } from './checkpoint.ts';
import { compactStream } from './compaction.ts';
import { type PlatformOptions, type ResolvedPlatformOptions, resolvePlatformOptions } from './config.ts';
import { createDecisions } from './decisions.ts';
import { createEpochReader, createEpochs } from './epochs.ts';
import type { ErasedPart } from './erased.ts';
import { createErasures } from './erasure.ts';
import { exportListener } from './export.ts';
import { forgetHiddenPairs, hidePairs } from './hidden-pairs.ts';
import { createHomes } from './homes.ts';
import { createIngest } from './ingest.ts';
import { createInsights } from './insights/insights.ts';
import { createItemRefs } from './insights/item-refs.ts';
import { createLive } from './insights/live.ts';
import { createInsightsThread } from './insights/thread.ts';
import { createKeys, ownKey } from './keys.ts';
import { createListeners } from './listeners.ts';
import { createPlatformMetrics } from './metrics.ts';
import { createPages } from './pages.ts';
import { createPlaylists } from './playlists/index.ts';
import { createRankings } from './rankings.ts';
import { createRebuild } from './rebuild.ts';
import { explainRecord, replayRecord } from './replays.ts';
import { createCollector } from './retention.ts';
import { createSeenEvents } from './seen.ts';
import type { ListenerSummary, PlatformService } from './service.ts';
import { storeSlices } from './slices.ts';
import { createStandingPages } from './standing.ts';
import { openStateTables } from './state-tables.ts';
import { positionNumber } from './states.ts';
import { summarise } from './summary.ts';
import { createSwitches, storedSwitchedOff } from './switches.ts';
import { createTraffic } from './traffic.ts';
import type { VerifiedKey } from './trust.ts';
import { VERSION } from './version.ts';
import { loadVocabularies } from './vocabularies.ts';
import { createWorkshop, type OnProgress, type OpenLog } from './workshop.ts';
import { DECISIONS, EVENTS } from './workspace.ts';

/** A platform in this process, with what only its own process may ask of it. */
export interface Platform extends PlatformService {
  /** The platform's own key: every scope; printed by `shelfwise up`, known to clients on this machine by the lock file. */
  readonly adminKey: string;
  verifyKey(secret: string): VerifiedKey | null;
  /** Writes the address where it listens into the lock file. */
  setAddress(address: string): void;
  /** Writes everything that is in memory only. */
  flush(): Promise<void>;
  /** Counts, learns and publishes what came since the last time: what the learner's timer does. */
  learn(): Promise<void>;
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

export async function openPlatform(
  given: Partial<PlatformOptions> & { readonly dataDir: string },
  adapters: Adapters = { online: openLmdbStore },
): Promise<Platform> {
  const options = resolvePlatformOptions(given);
  const dataDir = openDataDir(options.dataDir, { clock: options.clock });
  const opened: { close(): Promise<void> | void }[] = [];
  try {
    return await assemble(options, adapters, dataDir, opened);
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    dataDir.release();
    throw error;
  }
}

/** Keys of the table `platform` in the online store. */
const PLACE = {
  table: 'platform',
  events: 'events-folded',
  decisions: 'decisions-indexed',
  /** Present while items have changed that the catalogue's epoch does not show. */
  catalog: 'catalog-behind',
} as const;

async function assemble(
  options: ResolvedPlatformOptions,
  adapters: Adapters,
  dataDir: DataDir,
  opened: { close(): Promise<void> | void }[],
): Promise<Platform> {
  const { clock, logger } = options;
  const { paths } = dataDir;
  // Keys of the API and of listeners are in here.
  chmodSync(dataDir.dir, 0o700);
  const store = adapters.online({ dir: paths.online });
  opened.push(store);
  const metadata = openMetadata({ file: paths.metadata, clock });
  opened.push(metadata);
  const logOptions = { segmentBytes: options.segmentBytes, clock };
  const events = openEventLog({ dir: paths.log(EVENTS), ...logOptions, injectSyncDelayMs: options.injectSyncDelayMs });
  opened.push(events);
  const decisionLog = openEventLog({ dir: paths.log(DECISIONS), ...logOptions, flushEveryMs: options.recordFlushMs });
  opened.push(decisionLog);
  reportRecovery(events, EVENTS, options);
  reportRecovery(decisionLog, DECISIONS, options);

  let closed = false;
  opened.push({
    close: () => {
      closed = true;
    },
  });
  const interrupted = await metadata.audit.settleInterrupted();
  if (interrupted > 0) logger.warn({ actions: interrupted }, 'actions of administration were cut off by the last stop');
  const metrics = createPlatformMetrics({ events, decisions: decisionLog });
  const encoder = createEncoder(homeFeatures);
  const vocabularies = loadVocabularies(store);
  const erasing = (await metadata.erasures.pending()).flatMap(({ listener }) => (listener === null ? [] : [listener]));
  const listeners = createListeners(
    store,
    vocabularies,
    clock,
    erasing.map(({ key }) => key),
  );
  const epochStore = openEpochStore({ dir: paths.epochs });
  const catalogue = createCatalogue(
    store,
    vocabularies,
    (write) => write.put(PLACE.table, PLACE.catalog, Buffer.from('1')),
    () => scheduleCatalog(),
  );
  const tunables = { ...options.tunables, switchedOff: await storedSwitchedOff(metadata) };
  const epochs = await createEpochs({
    store: epochStore,
    metadata,
    encoder,
    vocabularies,
    tunables,
    changed: catalogue.changed,
    clock,
    paths,
    items: () => storedItems(store),
    logger,
  });
  const replayEpochs = createEpochReader(epochStore, encoder);
  const replayDecider = createDecider(encoder);
  const decisions = createDecisions(
    decisionLog,
    store,
    listeners.secretOf,
    (position) => readAnywhere(position),
    listeners.isErased,
  );
  const lake = openLake({ dir: paths.lake });
  opened.push(lake);
  /** Opened when something of the lake is first read. */
  let warehouse: Promise<Warehouse> | undefined;
  const openedWarehouse = (): Promise<Warehouse> => (warehouse ??= openWarehouse());
  const readAnywhere = (position: LogPosition): Promise<Uint8Array> =>
    streamEntry({ name: DECISIONS, log: decisionLog, lake, metadata, warehouse: openedWarehouse }, position);
  const seen = createSeenEvents(store, () => closed);
  const workshop = createWorkshop({ dir: dataDir.dir });
  const { said: background, every, stop } = createBackground(clock, logger);

  const stateTables = openStateTables(store, options.cachedListeners, listeners.isErased);
  const { states } = stateTables;

  const campaigns = createCampaigns({
    store,
    vocabularies,
    knowsItem: catalogue.has,
    serve: epochs.serveCampaigns,
  });
  const onTrouble = (what: string, error: string): void => {
    metrics.stageFailed(what);
    logger.warn({ stage: what, error }, 'a stage of Home failed');
  };
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
    serving: epochs.serving,
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
    serving: epochs.serving,
    isHeldOut: heldOutBy(options.popularityHoldout),
    isFlagged: traffic.isFlagged,
    texts: catalogue,
    playlists,
    vocabularies,
    onTrouble,
    clock,
    pageLifetimeMs: options.pageLifetimeMs,
    explain: (record, secret) => explainRecord(record, secret, replayEpochs, replayDecider),
    onServed(ms, policyId, degraded) {
      metrics.served(ms, policyId, degraded);
      live.noteHome(ms, policyId !== 'again', degraded);
    },
  });
  const { erase: eraseRankings, ...rankings } = createRankings({
    ranker: createRanker({ encoder, vocabularies, isAudited }),
    listeners,
    states,
    decisions,
    serving: epochs.serving,
    vocabularies,
    // An item that is younger than the catalogue's epoch is ranked as soon as that has it.
    knowsItem: (item) => item < epochs.serving().catalog.size && catalogue.has(item),
    isHeldOut: heldOutBy(options.popularityHoldout),
    store,
    clock,
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

  const replayed = ingest.recover(readPlace(store, PLACE.events) ?? events.start());
  const indexed = decisions.recover(readPlace(store, PLACE.decisions) ?? decisionLog.start());
  if (replayed > 0) logger.info({ events: replayed }, 'events folded from the log after the last stop');
  if (indexed > 0) logger.info({ decisions: indexed }, 'decisions indexed from the log after the last stop');

  /** One flush at a time; a second caller waits for one that starts after its call. */
  let flushing: Promise<void> = Promise.resolve();
  const exclusively = (work: () => Promise<void>): Promise<void> => {
    const next = flushing.then(work, work);
    flushing = next.catch(() => undefined);
    return next;
  };
  const flush = (): Promise<void> => exclusively(flushOnce);
  async function flushOnce(): Promise<void> {
    const folded = ingest.foldedUpTo();
    await decisionLog.sync();
    const indexedUpTo = decisionLog.durableEnd();
    await seen.flush();
    await storeSlices(store, decisions.slices(positionNumber(indexedUpTo)));
    let settle = (): void => {};
    await states().flush(vocabularies.persist, (write) => {
      const settleNames = vocabularies.persist(write);
      const settleTraffic = traffic.persist(write);
      settle = () => {
        settleNames();
        settleTraffic();
      };
      write.put(PLACE.table, PLACE.events, Buffer.from(JSON.stringify(folded)));
      write.put(PLACE.table, PLACE.decisions, Buffer.from(JSON.stringify(indexedUpTo)));
      stateTables.note(write);
    });
    settle();
  }

  /** Builds the catalogue's epoch soon after its last change, but not at every one of a burst. */
  let catalogTimer: NodeJS.Timeout | undefined;
  let catalogDue = false;
  function scheduleCatalog(): void {
    catalogDue = true;
    catalogTimer ??= setTimeout(() => {
      catalogTimer = undefined;
      publishCatalog().catch((error: unknown) => {
        if (!closed) logger.error({ error: messageOf(error) }, "the catalogue's epoch could not be built");
      });
    }, CATALOG_DELAY_MS).unref();
  }
  async function publishCatalog(): Promise<void> {
    if (!catalogDue || closed) return;
    await caughtUp(() =>
      workshop.turn(async (run) => {
        const columnsServe = catalogue.beginColumns();
        const { epochs: built } = await run({ kind: 'catalog' });
        await epochs.publish(built);
        columnsServe();
        background.catalogue = `published ${built[0].hash}`;
      }),
    );
  }
  /** Runs what builds the catalogue's epoch; when it fails, the epoch is still due, also after a restart. */
  async function caughtUp(build: () => Promise<void>): Promise<void> {
    catalogDue = false;
    try {
      await build();
    } catch (error) {
      catalogDue = true;
      throw error;
    }
    if (!catalogDue) await store.transaction((write) => write.remove(PLACE.table, PLACE.catalog));
  }
  if (store.get(PLACE.table, PLACE.catalog) !== undefined) scheduleCatalog();

  /** How far jobs may read: what lies before is in the stored states, and the names in it have their numbers. */
  async function flushedEnds(): Promise<{ readonly eventsEnd: LogPosition; readonly decisionsEnd: LogPosition }> {
    await flush();
    return {
      eventsEnd: readPlace(store, PLACE.events) ?? events.start(),
      decisionsEnd: readPlace(store, PLACE.decisions) ?? decisionLog.start(),
    };
  }

  const learn = (): Promise<void> =>
    workshop.turn(async (run) => {
      const { epochs: learnt, summary } = await run({
        kind: 'learn',
        nowMs: clock.nowMs(),
        ...(await flushedEnds()),
        catalogHash: epochs.serving().catalog.hash,
        stateTable: stateTables.name(),
      });
      if (learnt.length > 0) await epochs.publish(learnt);
      background.learner = summary;
    });

  const rebuild = createRebuild({
    tables: stateTables,
    workshop,
    flushed: flushedEnds,
    flushWith: (change) =>
      exclusively(() => {
        change();
        return flushOnce();
      }),
    recover: ingest.recover,
    clock,
  });
  /** What another version of the fold has written does not decode: it is folded anew while Homes are served without it. */
  async function rebuildOutdated(): Promise<void> {
    const fold = stateTables.fold();
    if (fold === STATE_VERSION) return;
    const why = `the stored states are of version ${fold}, this is ${STATE_VERSION}`;
    const say = (share: number): void => {
      background.rebuild = `${why}: rebuilding, ${Math.round(100 * share)}%; Homes are degraded until then`;
    };
    say(0);
    logger.warn(
      { stored: fold, version: STATE_VERSION },
      `${why}; they are rebuilt, and Homes are degraded until then`,
    );
    const { events: folded, listeners: of, seconds } = await rebuild(say);
    background.rebuild = `states are of version ${STATE_VERSION}: ${folded} events of ${of} listeners`;
    logger.info({ events: folded, listeners: of, seconds }, 'the states are rebuilt and serve');
  }

  /** What is prepared for the search of an embedding is derived: when it is gone, the exact scan stands in meanwhile. */
  async function prepareNearest(): Promise<void> {
    if (epochs.unprepared() === undefined) return;
    await workshop.turn(async (run) => {
      const embeddingHash = epochs.unprepared();
      if (embeddingHash === undefined) return;
      await run({ kind: 'nearest', embeddingHash });
      await epochs.adoptPrepared();
      background.neighbours = `prepared anew for ${embeddingHash}`;
    });
  }

  /** Moves to the lake what neither a restart nor the learner will read from the logs again. */
  const compactAll = (): Promise<number> =>
    workshop.turn(async () => {
      const { eventsEnd, decisionsEnd } = await flushedEnds();
      const learner = learnerPlace(store);
      const eventLimit = {
        segment: Math.min(eventsEnd.segment, learner?.events.segment ?? eventsEnd.segment),
        newestMs: Number.POSITIVE_INFINITY,
      };
      const decisionLimit = {
        segment: Math.min(decisionsEnd.segment, learner?.decisions.segment ?? decisionsEnd.segment),
        newestMs: clock.nowMs() - DECISIONS_STAY_MS,
      };
      const moved =
        (await compactStream(EVENTS, events, lake, metadata, eventLimit)) +
        (await compactStream(DECISIONS, decisionLog, lake, metadata, decisionLimit));
      background.compactor = `${moved} segments moved to the lake`;
      return moved;
    });
  const collector = createCollector({
    workshop,
    flush,
    clock,
    retentionDays: options.epochRetentionDays,
    counts: epochCounts,
    report: (text) => {
      background.epochs = text;
    },
  });

  /** A quiet log never fills its segment: it is sealed by age. */
  let sealedAtMs = clock.nowMs();
  async function compactByAge(): Promise<void> {
    if (clock.nowMs() - sealedAtMs >= SEAL_AFTER_MS) {
      sealedAtMs = clock.nowMs();
      await events.seal();
      await decisionLog.seal();
    }
    await compactAll();
    // A rebuild that was cut off after its swap has left the table that served before.
    await workshop.turn(async () => {
      await flush();
      await stateTables.dropOther();
    });
  }

  every(options.stateFlushMs, 'states', flush);
  every(TIDY_EVERY_MS, 'event ids', () => exclusively(seen.tidy));
  every(COMPACT_EVERY_MS, 'compactor', compactByAge);
  every(COMPACT_EVERY_MS, 'epochs', collector.whenDue);
  if (epochs.unprepared() !== undefined) every(SECOND_MS, 'neighbours', prepareNearest);
  if (stateTables.fold() !== STATE_VERSION) every(SECOND_MS, 'rebuild', rebuildOutdated);
  every(options.learnEveryMs, 'learner', learn);

  const insightsThread = createInsightsThread(
    dataDir.dir,
    async () => {
      // Events first: whatever they refer to was decided before, and is in what the decisions' log syncs next.
      const eventsEnd = events.durableEnd();
      if (!decisionLog.full) await decisionLog.sync().catch(() => undefined);
      return {
        events: eventsEnd,
        decisions: decisionLog.durableEnd(),
        catalogHash: epochs.serving().catalog.hash,
        stateTable: stateTables.name(),
        nowMs: clock.nowMs(),
      };
    },
    (text) => {
      background.insights = text;
    },
  );
  every(options.insightsEveryMs, 'insights', insightsThread.follow);
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

  const switches = createSwitches({
    metadata,
    tunables: () => epochs.serving().tunables,
    setTunables: epochs.setTunables,
  });
  /** Whoever keeps something of listeners is in this list; erasure calls on them all. */
  const keepers: readonly ErasedPart[] = [
    { name: 'states', drop: ({ key }, write) => stateTables.erase(key, write) },
    { name: 'pages', drop: ({ key }) => standing.forgetListener(key) },
    { name: 'outlines', drop: ({ key }) => pages.forgetListener(key) },
    { name: 'playlists', drop: ({ key }, write) => playlists.erase(key, write) },
    { name: 'rankings', drop: ({ id }, write) => eraseRankings(id, write) },
    { name: 'trafficNotes', drop: ({ key }, write) => traffic.forget(key, write) },
    { name: 'hiddenPairs', drop: ({ id }) => forgetHiddenPairs(paths.holdout, id) },
    {
      name: 'openDecisions',
      settle: ({ key }) => insightsThread.forget(key),
    },
  ];
  const erasures = createErasures({
    metadata,
    listeners,
    workshop,
    logs: { events, decisions: decisionLog },
    flush,
    parts: keepers,
    clock,
    report: (text) => {
      background.erasure = text;
    },
    ...(adapters.onErasureStep === undefined ? {} : { onStep: adapters.onErasureStep }),
  });
  /** At once, and again by a timer when something stood in the way. */
  const eraseSoon = async (): Promise<void> => {
    try {
      await erasures.proceed();
    } catch (error) {
      if (!closed) logger.error({ error: messageOf(error) }, 'an erasure is not done yet; it is tried again');
    }
  };
  every(ERASE_EVERY_MS, 'erasure', erasures.proceed);
  every(HOUR_MS, 'audit', () => metadata.audit.forget(clock.nowMs() - options.auditRetentionDays * DAY_MS));
  if (erasing.length > 0) void eraseSoon();

  const adminKey = await ownKey(metadata);
  const keys = await createKeys(metadata, adminKey, clock);
  every(MINUTE_MS, 'keys', keys.flush);

  const platform: Platform = {
    adminKey,
    verifyKey: keys.verify,
    setAddress: (address) => dataDir.setAddress(address, adminKey),
    flush,
    learn,
    collectEpochs: collector.collect,

    ...campaigns,
    ...rankings,
    ...switches,

    upsertItems: catalogue.upsert,
    getItem: catalogue.get,
    deleteItem: catalogue.remove,
    searchItems: catalogue.search,

    putListener: async (id, profile) => (await listeners.put([{ id, profile }]))[0],
    putListeners: listeners.put,
    getListener(id): ListenerSummary | undefined {
      const entry = listeners.get(id);
      if (entry === undefined) return undefined;
      return summarise(entry, states().get(entry.key).state, {
        catalogue,
        vocabularies,
        catalog: epochs.serving().catalog,
        nowMs: clock.nowMs(),
      });
    },
    listListeners: listeners.list,

    insights,
    playlists,
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
      const bytes = await decisions.bytes(decisionId);
      if (bytes === undefined) throw new ShelfwiseError('DECISION_NOT_FOUND', decisionId);
      const record = decodeDecision(bytes);
      if (listeners.secretOf(record.listenerKey) === undefined) throw new ShelfwiseError('DECISION_ERASED', decisionId);
      return describeDecision(record, bytes.length, catalogue.id);
    },
    async replay(decisionId) {
      return replayRecord(
        decisionId,
        async () => {
          const bytes = await decisions.bytes(decisionId);
          if (bytes === undefined) throw new ShelfwiseError('DECISION_NOT_FOUND', decisionId);
          return bytes;
        },
        listeners.secretOf,
        replayEpochs,
        replayDecider,
      );
    },
    recentDecisions: async (limit) => decisions.recent(limit),

    async fit({ onProgress }) {
      // What decisions have taught is credited first; the fit keeps it.
      await learn();
      await caughtUp(() =>
        workshop.turn(async (run) => {
          const { eventsEnd } = await flushedEnds();
          const columnsServe = catalogue.beginColumns();
          const { epochs: fitted, summary } = await run(
            { kind: 'fit', nowMs: clock.nowMs(), eventsEnd, stateTable: stateTables.name() },
            onProgress,
          );
          await epochs.publish(fitted);
          columnsServe();
          background.fit = summary;
        }),
      );
    },
    rebuildState: ({ onProgress }) => rebuild(onProgress),
    async evaluateRetrieval({ onProgress }) {
      if (!existsSync(paths.holdout))
        throw new ShelfwiseError('OPTION_INVALID', 'there are no hidden pairs; import with --holdout 0.2 first');
      const embedding = epochs.serving().embedding;
      if (embedding === undefined)
        throw new ShelfwiseError('OPTION_INVALID', 'there is no embedding yet; run a fit first');
      return workshop.turn(async (run) => {
        await flush();
        return run(
          {
            kind: 'evaluate',
            nowMs: clock.nowMs(),
            stateTable: stateTables.name(),
            embeddingHash: embedding.hash,
            holdoutFile: paths.holdout,
          },
          onProgress as OnProgress | undefined,
        );
      });
    },
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
    compact: () => compactAll(),

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
      if (begun !== undefined) void eraseSoon();
      return begun;
    },
    exportListener: (listenerId) =>
      exportListener(listenerId, {
        listeners,
        insights,
        decisions,
        refs: createItemRefs(vocabularies.items, catalogue.get),
        playlists,
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
      traffic: traffic.counts(),
      ready: !closed,
      background: { ...background },
    }),
    metrics: async () => `${await metrics.text()}${keys.metrics()}`,
    close: () => (closing ??= close()),
  };
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    closed = true;
    stop();
    clearTimeout(catalogTimer);
    const troubles: unknown[] = [];
    const attempt = async (step: () => Promise<unknown> | unknown): Promise<void> => {
      try {
        await step();
      } catch (error) {
        troubles.push(error);
      }
    };
    workshop.refuse();
    await attempt(playlists.close);
    // A full disk may refuse the last flush; what was acknowledged is in the log, and the next start folds it again.
    await attempt(flush);
    await attempt(keys.flush);
    await attempt(insightsThread.close);
    await attempt(workshop.close);
    await attempt(() => events.close());
    await attempt(() => decisionLog.close());
    await attempt(async () => (await warehouse)?.close());
    await attempt(() => lake.close());
    await attempt(() => metadata.close());
    await attempt(() => store.close());
    dataDir.release();
    if (troubles.length > 0) throw troubles[0];
  }
  return platform;
}

/** Only what could not be done at once waits for it. */
const ERASE_EVERY_MS = 10 * SECOND_MS;
const TIDY_EVERY_MS = 30 * SECOND_MS;
const CATALOG_DELAY_MS = 400;
const COMPACT_EVERY_MS = 10 * MINUTE_MS;
const SEAL_AFTER_MS = HOUR_MS;
/** Rewards are credited to a decision for 24 hours, and the learner reads its record from the log. */
const DECISIONS_STAY_MS = 26 * HOUR_MS;

function heldOutBy(share: number): (listenerKey: string) => boolean {
  if (share === 0) return () => false;
  const allocation = createHoldout(share);
  return (listenerKey) => allocation.armOf(listenerKey) === HOLDOUT_ARM;
}

function openLog(log: EventLog): OpenLog {
  return { durableEnd: log.durableEnd(), cutBytes: log.recovery.cutBytes, full: log.full };
}

function readPlace(store: OnlineStore, key: string): LogPosition | undefined {
  const bytes = store.get(PLACE.table, key);
  if (bytes === undefined) return undefined;
  return JSON.parse(Buffer.from(bytes).toString()) as LogPosition;
}

function reportRecovery(log: EventLog, stream: string, options: ResolvedPlatformOptions): void {
  if (log.recovery.cutBytes === 0) return;
  options.logger.warn(
    { stream, ...log.recovery },
    'the log ended in the middle of an entry that was never acknowledged; the torn tail was cut',
  );
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
