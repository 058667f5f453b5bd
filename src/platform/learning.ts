/**
 * Learning as the serving thread sees it: what the workshop is told to learn, fit, prepare and evaluate, and what of it serves.
 */
import { existsSync } from 'node:fs';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { Columns } from './columns.ts';
import type { PlatformLogger } from './config.ts';
import type { Epochs } from './epochs.ts';
import type { Flushing } from './flushing.ts';
import type { RetrievalReport } from './service.ts';
import type { StateTables } from './state-tables.ts';
import type { OnProgress, Workshop } from './workshop.ts';

export interface Learning {
  /** Counts, learns and publishes what came since the last time. */
  learn(): Promise<void>;
  fit(onProgress?: OnProgress): Promise<void>;
  /**
   * A model of another version's features is not used, and Homes are degraded without one: a fit makes one of these. Not
   * before the states, which a fit reads, are of this version, nor beside a fit that somebody asked for; and once only:
   * the history may hold nothing to make a model of.
   */
  refitOutdated(): Promise<void>;
  /** What is prepared for the search of an embedding is derived: when it is gone, the exact scan stands in meanwhile. */
  prepareNearest(): Promise<void>;
  evaluateRetrieval(onProgress?: OnProgress): Promise<RetrievalReport>;
}

export function createLearning(dependencies: {
  readonly workshop: Workshop;
  readonly flushing: Pick<Flushing, 'flush' | 'flushedEnds'>;
  readonly columns: Pick<Columns, 'catchUp'>;
  readonly catalogue: Pick<Catalogue, 'beginColumns'>;
  readonly epochs: Epochs;
  readonly stateTables: Pick<StateTables, 'name' | 'isOutdated'>;
  readonly holdoutFile: string;
  readonly clock: Clock;
  /** What was done last, in words. */
  readonly report: (what: 'learner' | 'fit' | 'neighbours', text: string) => void;
  readonly logger: PlatformLogger;
}): Learning {
  const { workshop, columns, catalogue, epochs, stateTables, holdoutFile, clock, report, logger } = dependencies;
  const { flush, flushedEnds } = dependencies.flushing;

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
      report('learner', summary);
    });

  /** Fits that were begun and are not over. */
  let underWay = 0;
  async function fitAnew(onProgress?: OnProgress): Promise<void> {
    underWay++;
    try {
      // What decisions have taught is credited first; the fit keeps it.
      await learn();
      await columns.catchUp(() =>
        workshop.turn(async (run) => {
          const { eventsEnd } = await flushedEnds();
          const columnsServe = catalogue.beginColumns();
          const { epochs: fitted, summary } = await run(
            { kind: 'fit', nowMs: clock.nowMs(), eventsEnd, stateTable: stateTables.name() },
            onProgress,
          );
          await epochs.publish(fitted);
          columnsServe();
          report('fit', summary);
        }),
      );
    } finally {
      underWay--;
    }
  }

  let hasRefitted = false;
  async function refitOutdated(): Promise<void> {
    const outdated = epochs.outdatedModel();
    if (outdated === undefined || hasRefitted || underWay > 0 || stateTables.isOutdated()) return;
    const why = `the stored model is of encoder ${outdated.encoder}, this is ${outdated.expected}`;
    const say = (stage: string, share: number): void =>
      report('fit', `${why}: fitting, ${stage} ${Math.round(100 * share)}%; Homes are degraded until then`);
    say('catalogue', 0);
    logger.warn({ ...outdated }, `${why}; it is fitted anew, and Homes are degraded until then`);
    await fitAnew(say);
    hasRefitted = true;
    if (epochs.outdatedModel() === undefined) logger.info({}, 'the model is fitted anew and serves');
    else logger.warn({}, 'the history has nothing to make a model of; Homes are degraded until a fit finds more');
  }

  return {
    learn,
    fit: fitAnew,
    refitOutdated,
    async prepareNearest() {
      if (epochs.unprepared() === undefined) return;
      await workshop.turn(async (run) => {
        const embeddingHash = epochs.unprepared();
        if (embeddingHash === undefined) return;
        await run({ kind: 'nearest', embeddingHash });
        await epochs.adoptPrepared();
        report('neighbours', `prepared anew for ${embeddingHash}`);
      });
    },
    async evaluateRetrieval(onProgress) {
      if (!existsSync(holdoutFile))
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
            holdoutFile,
          },
          onProgress,
        );
      });
    },
  };
}
