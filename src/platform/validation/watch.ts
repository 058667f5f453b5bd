/** Data validation as the platform's thread sees it: a thread that examines and answers, and alerts that hear of what it found. */
import { type Clock, threadScript } from '../../base/index.ts';
import { createAskingThread } from '../asking-thread.ts';
import type { Epochs } from '../epochs.ts';
import type { Flushing } from '../flushing.ts';
import type { Alerting } from './alerting.ts';
import type { DataAnswers, DataEnds, DataQuestion, DataRound } from './questions.ts';
import type { DataService } from './service.ts';
import { parseSetId } from './spans.ts';

export interface DataWatch {
  readonly service: DataService;
  /** Counts and examines what is due: what a timer does. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

export function createDataWatch(dependencies: {
  readonly dir: string;
  readonly flushing: Pick<Flushing, 'flushedEnds'>;
  readonly epochs: Pick<Epochs, 'serving'>;
  readonly alerting: Pick<Alerting, 'observe'>;
  readonly clock: Clock;
  readonly report: (text: string) => void;
}): DataWatch {
  const { dir, flushing, epochs, alerting, clock, report } = dependencies;
  const thread = createAskingThread<DataQuestion, DataAnswers[keyof DataAnswers]>({
    name: 'data validation',
    script: threadScript('data-thread', import.meta.url),
    data: { dir },
    report,
  });
  const ask = <K extends DataQuestion['kind']>(
    question: Extract<DataQuestion, { kind: K }>,
    onProgress?: (stage: string, share: number) => void,
  ): Promise<DataAnswers[K]> => thread.ask(question, onProgress) as Promise<DataAnswers[K]>;
  const ends = async (): Promise<DataEnds> => {
    const { eventsEnd, decisionsEnd } = await flushing.flushedEnds();
    const catalogHash = epochs.serving().catalog.hash;
    return { events: eventsEnd, decisions: decisionsEnd, catalogHash, nowMs: clock.nowMs() };
  };
  /** Not told yet, oldest first: where telling fails it is tried again with the next. */
  const untold: DataRound[] = [];
  const tell = async (rounds: readonly DataRound[]): Promise<void> => {
    untold.push(...rounds);
    for (let next = untold[0]; next !== undefined; next = untold[0]) {
      const { stream, fromMs, complete, slices, present, findings } = next;
      const examined = complete ? (['anomaly', 'distance', 'statistic'] as const) : [];
      await alerting.observe({ source: stream, examined, spanFromMs: fromMs, slices, present, findings });
      if (untold[0] === next) untold.shift();
    }
  };

  const service: DataService = {
    dataSets: ({ stream, limit, offset }) => ask<'sets'>({ kind: 'sets', stream, limit, offset }),
    dataStatistics: async (query) => {
      query.sets.forEach(parseSetId);
      return ask<'statistics'>({ kind: 'statistics', query });
    },
    dataSlices: async ({ set, by, feature }) => ask<'slices'>({ kind: 'slices', set, by, feature }),
    dataAnomalies: async (set) => ask<'anomalies'>({ kind: 'anomalies', set }),
    dataTimeline: (query) => ask<'timeline'>({ kind: 'timeline', query }),
    dataSchemas: () => ask<'schemas'>({ kind: 'schemas' }),
    dataSchema: (name, version) => ask<'schema'>({ kind: 'schema', name, version }),
    async acceptAnomalies(name, set, request) {
      const { rounds, ...history } = await ask<'accept'>({ kind: 'accept', name, set, request, nowMs: clock.nowMs() });
      await tell(rounds);
      return history;
    },
    async undoSchema(name, request) {
      const question = { kind: 'undo', name, request, nowMs: clock.nowMs() } as const;
      const { rounds, ...history } = await ask<'undo'>(question);
      await tell(rounds);
      return history;
    },
    async examineData(request, { onProgress, signal } = {}) {
      const question = { kind: 'examine', ends: await ends(), request } as const;
      signal?.throwIfAborted();
      const { rounds, result } = await ask<'examine'>(question, onProgress);
      await tell(rounds);
      return result;
    },
  };

  return {
    service,
    async follow() {
      const { rounds, summary } = await ask<'watch'>({ kind: 'watch', ends: await ends() });
      report(summary);
      await tell(rounds);
    },
    close: thread.close,
  };
}
