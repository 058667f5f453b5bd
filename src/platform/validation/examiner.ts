/**
 * Examines the platform's data: counts events by the hour, reads examples by the day, judges what is new against its schema, the
 * spans before and serving, and stores what it found. Runs in a thread of its own; whoever asks meanwhile is answered meanwhile.
 */
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, ShelfwiseError } from '../../base/index.ts';
import { decodeEvent, EVENT_TYPES, type EventType } from '../../domain/index.ts';
import { ALL_EXAMPLES, type DatasetFeatureStatisticsList, SlicedStatistics } from '../../validation/index.ts';
import type { Pace } from '../pace.ts';
import { positionNumber, positionOf } from '../states.ts';
import { EVENTS, pastEntries, type Workspace } from '../workspace.ts';
import { type EventCells, listenersIn, statisticsOfCells } from './event-cells.ts';
import { EVENT_HOURS_KEPT_MS, type EventHours } from './event-hours.ts';
import { exampleChunks, haveDecided, newRowCounts, type RowCounts, unitsOf } from './example-rows.ts';
import type { Environment } from './expected-schema.ts';
import { isOfModel, judgeSet, LEAST_UNITS, type Measured } from './judge.ts';
import type { LogPlaces } from './log-places.ts';
import type { DataEnds } from './questions.ts';
import type { Schemas } from './schema-store.ts';
import type { CardsJob } from './served-cards.ts';
import {
  type DataAnomaly,
  type DataStream,
  EXAMPLE_STREAMS,
  type ExamineRequest,
  type ExampleStream,
} from './service.ts';
import type { SetStore, StoredSet } from './set-store.ts';
import { boundsOf, dayOf, hourOf, isEventType, isExamples, schemaNameOf, setId } from './spans.ts';

/** Of a day and stream. */
const LIMITS = { maxDecisions: 4_000, maxRows: 40_000 };
/** Rewards are credited for a day; events that come late are waited for, as evaluation does. */
const MATURE_MS = DAY_MS;
const LATE_MS = 5 * MINUTE_MS;
/** Rows of earlier decisions are carried into a day, and what they earn is credited to those: so far back the logs are read. */
const CARRIED_MS = 2 * DAY_MS;
/** So far back the span before is looked for. */
const REACH_MS = 14 * DAY_MS;
/** Hours that an hour of events is measured against. */
const HOURS_BEFORE = 24;
const HOURS_REACH_MS = 7 * DAY_MS;
/** What is not complete is read again this often, and by the watch not before it has rested so many times as long as reading it took. */
const AGAIN_MS = HOUR_MS;
const TIMES_ITS_OWN = 50;
/** Days that are looked for, whether or not something is known of them. */
const RECENT_DAYS = 2;
const EXAMPLES_KEPT_MS = 400 * DAY_MS;

const ENVIRONMENT_OF: Readonly<Record<ExampleStream, Environment>> = {
  training: 'TRAINING',
  evaluation: 'EVALUATION',
  serving: 'SERVING',
};
const SLICES = [{ tier: undefined }, { market: undefined }, { device: undefined }, { model: undefined }];

type OnProgress = (stage: string, share: number) => void;

export interface Examiner {
  /** Counts events up to `ends`, and judges the hours that changed or have become complete. */
  followEvents(ends: DataEnds): Promise<void>;
  /** Reads the examples that are due, if any. */
  followExamples(ends: DataEnds): Promise<void>;
  /** Examines what is asked for. @returns ids of the sets, in the order of their streams */
  examine(request: ExamineRequest, ends: DataEnds, onProgress: OnProgress): Promise<readonly string[]>;
  /** Judges a set anew by its schema as it is now, without reading data. */
  judgeAgain(id: string, nowMs: number): Promise<void>;
  /** A set and what it was measured against. Throws DATA_SET_NOT_FOUND. */
  measured(id: string): {
    readonly stored: StoredSet;
    readonly set: Measured;
    readonly before: Measured | undefined;
    readonly serving: Measured | undefined;
  };
}

export function createExaminer(dependencies: {
  readonly workspace: Workspace;
  readonly sets: SetStore;
  readonly hours: EventHours;
  readonly places: LogPlaces;
  readonly schemas: Schemas;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly pace: Pace;
  readonly limits?: Pick<CardsJob, 'maxDecisions' | 'maxRows'>;
}): Examiner {
  const { workspace, sets, hours, places, schemas, clock, pace, limits = LIMITS } = dependencies;

  const required = (id: string): StoredSet => {
    const stored = sets.get(id);
    if (stored === undefined) throw new ShelfwiseError('DATA_SET_NOT_FOUND', id);
    return stored;
  };

  // ---- events

  const eventsMeasured = (name: string, slices: ReadonlyMap<string, EventCells>): Measured => ({
    name,
    list: {
      datasets: [...slices].map(([slice, cells]) => statisticsOfCells(cells, slice === '' ? ALL_EXAMPLES : slice)),
    },
    units: new Map([...slices].map(([slice, cells]) => [slice, listenersIn(cells)])),
  });

  /** The last hours before that were good: what was found to be wrong must not become what is usual. */
  const goodHoursBefore = (type: EventType, hour: string): readonly string[] => {
    const { fromMs } = boundsOf(hour);
    const good: string[] = [];
    for (let atMs = fromMs - HOUR_MS; atMs >= fromMs - HOURS_REACH_MS && good.length < HOURS_BEFORE; atMs -= HOUR_MS) {
      const stored = sets.get(setId({ stream: type, span: hourOf(atMs) }));
      if (stored !== undefined && !hasDriftError(stored)) good.push(stored.set.span);
    }
    return good;
  };
  const hoursMeasured = (type: EventType, spans: readonly string[]): Measured | undefined => {
    if (spans.length === 0) return undefined;
    const name = spans.length === 1 ? 'the hour before' : `the ${spans.length} hours before`;
    return eventsMeasured(name, hours.merged(type, spans));
  };
  /**
   * Slices with less than half of their share in the hour, of those before, in which they were rarest, where even that would be ten
   * listeners now: by night there are few cars.
   */
  const rarerThanEver = (
    type: EventType,
    slices: ReadonlyMap<string, EventCells>,
    spans: readonly string[],
  ): ReadonlySet<string> => {
    const shareIn = (cells: ReadonlyMap<string, EventCells> | undefined, slice: string): number =>
      (cells?.get(slice)?.events ?? 0) / (cells?.get('')?.events ?? 1);
    const before = spans.map((span) => hours.hour(span)?.get(type));
    const names = new Set(before.flatMap((cells) => [...(cells?.keys() ?? [])]));
    const whole = slices.get('');
    const listeners = whole === undefined ? 0 : listenersIn(whole);
    return new Set(
      [...names].filter((slice) => {
        const least = Math.min(...before.map((cells) => shareIn(cells, slice)));
        return slice !== '' && shareIn(slices, slice) < least / 2 && least * listeners >= LEAST_UNITS;
      }),
    );
  };

  const judgeHour = async (hour: string, nowMs: number): Promise<void> => {
    const { fromMs, toMs } = boundsOf(hour);
    const judged: StoredSet[] = [];
    for (const [type, slices] of hours.hour(hour) ?? []) {
      const { schema, version } = await schemas.current(type);
      const set = eventsMeasured(setId({ stream: type, span: hour }), slices);
      const spans = goodHoursBefore(type, hour);
      const usual = hoursMeasured(type, spans);
      const before = usual && { ...usual, missable: rarerThanEver(type, slices, spans) };
      const { anomalies, distances } = judgeSet(set, { schema, before });
      judged.push({
        set: {
          id: set.name,
          stream: type,
          span: hour,
          fromMs,
          toMs,
          examples: slices.get('')?.events ?? 0,
          units: set.units.get('') ?? 0,
          features: set.list.datasets?.[0]?.features?.length ?? 0,
          slices: slices.size - 1,
          complete: nowMs >= toMs + LATE_MS,
          examinedAtMs: nowMs,
          anomalies: countsOf(anomalies),
          note: '',
        },
        schema: { name: type, version },
        anomalies,
        distances,
        units: Object.fromEntries(set.units),
        before: spans.join(','),
      });
    }
    sets.put(judged);
  };

  // ---- examples

  /** The newest day before that is complete and had nothing wrong with it. */
  const goodDayBefore = (stream: ExampleStream, fromMs: number): string => {
    const good = sets
      .list(stream)
      .find(
        (set) => set.fromMs < fromMs && set.fromMs >= fromMs - REACH_MS && set.complete && set.anomalies.errors === 0,
      );
    return good?.id ?? '';
  };
  const examplesMeasured = (id: string): Measured | undefined => {
    const stored = sets.get(id);
    const list = stored && sets.statistics(id);
    return stored && list && { name: id, list, units: new Map(Object.entries(stored.units)) };
  };
  const besidesOf = (stream: ExampleStream, span: string, before: string) => {
    const serving = stream === 'serving' ? '' : setId({ stream: 'serving', span });
    return { before: withoutModels(examplesMeasured(before)), serving: examplesMeasured(serving) };
  };

  const examineDay = async (
    stream: ExampleStream,
    span: string,
    ends: DataEnds,
    onProgress: OnProgress,
  ): Promise<void> => {
    pace.begin();
    const { fromMs, toMs } = boundsOf(span);
    const { nowMs } = ends;
    const counts = newRowCounts();
    const statistics = new SlicedStatistics(SLICES, { trackedValues: 4096, numRankHistogramBuckets: 50 });
    const from = places.before(fromMs - CARRIED_MS, ends);
    const job = { stream, span: { fromMs, toMs }, ...ends, from, ...limits, pace };
    for await (const chunk of exampleChunks(workspace, job, counts, onProgress)) {
      statistics.add(chunk);
      workspace.ending.check();
      if (pace.isDue) await pace.rest();
    }
    const list = statistics.extract();
    const examples = list.datasets?.[0]?.numExamples ?? 0;
    const complete = nowMs >= completeAtMs(stream, span);
    const before = goodDayBefore(stream, fromMs);
    // A day without examples is no data set, unless a day before has some and listeners enough decided: then something was lost. What
    // was found before the features changed or epochs went is not lost: it stays as it was.
    if (examples === 0) {
      const isNews = complete && before !== '' && (sets.get(setId({ stream, span }))?.set.examples ?? 0) === 0;
      if (!isNews || !(await haveDecided(workspace, job, LEAST_UNITS))) return;
    }
    const { schema, version } = await schemas.current('examples');
    const set: Measured = { name: setId({ stream, span }), list, units: unitsOf(counts) };
    const environment = ENVIRONMENT_OF[stream];
    const { anomalies: judged, distances } = judgeSet(set, { schema, environment, ...besidesOf(stream, span, before) });
    const anomalies = [...differencesOf(counts), ...judged];
    const stored: StoredSet = {
      set: {
        id: set.name,
        stream,
        span,
        fromMs,
        toMs,
        examples,
        units: set.units.get('') ?? 0,
        features: list.datasets?.[0]?.features?.length ?? 0,
        slices: (list.datasets?.length ?? 1) - 1,
        complete,
        examinedAtMs: nowMs,
        anomalies: countsOf(anomalies),
        note: noteOf(counts),
      },
      schema: { name: 'examples', version },
      anomalies,
      distances,
      units: Object.fromEntries(set.units),
      before,
    };
    sets.put([stored], list);
  };

  const isDue = (stream: ExampleStream, span: string, nowMs: number): boolean => {
    const known = sets.get(setId({ stream, span }))?.set;
    return known === undefined || (!known.complete && nowMs - known.examinedAtMs >= AGAIN_MS);
  };
  /** Until when a day rests. Those without a decision are not read over and over, and those that stay without only once a day. */
  const restsUntil = new Map<string, number>();
  const isToRead = (stream: ExampleStream, days: number, nowMs: number): boolean => {
    const span = dayOf(nowMs - days * DAY_MS);
    const id = setId({ stream, span });
    // Of a day that was missed, as by a platform that stood still, only what had begun to fill is still to become complete.
    if (days > RECENT_DAYS && sets.get(id) === undefined) return false;
    return isDue(stream, span, nowMs) && nowMs >= (restsUntil.get(id) ?? Number.NEGATIVE_INFINITY);
  };

  const measured: Examiner['measured'] = (id) => {
    const stored = required(id);
    const { stream, span } = stored.set;
    if (isEventType(stream)) {
      const slices = hours.hour(span)?.get(stream);
      if (slices === undefined) throw new ShelfwiseError('DATA_SET_NOT_FOUND', id);
      const before = hoursMeasured(stream, stored.before === '' ? [] : stored.before.split(','));
      return { stored, set: eventsMeasured(id, slices), before, serving: undefined };
    }
    const set = examplesMeasured(id);
    if (set === undefined || !isExamples(stream)) throw new ShelfwiseError('DATA_SET_NOT_FOUND', id);
    return { stored, set, ...besidesOf(stream, span, stored.before) };
  };

  /** Hours that were counted and are not judged yet. The log is not read again for them: what a stop leaves is found by `catchUp`. */
  const toJudge = new Set<string>();
  let isCaughtUp = false;
  const catchUp = async (): Promise<void> => {
    for (const hour of hours.hours()) {
      for (const [type, events] of hours.eventsIn(hour))
        if (sets.get(setId({ stream: type, span: hour }))?.set.examples !== events) toJudge.add(hour);
      workspace.ending.check();
      if (pace.isDue) await pace.rest();
    }
    isCaughtUp = true;
  };

  const followEvents = async (ends: DataEnds): Promise<void> => {
    pace.begin();
    const { nowMs } = ends;
    const from = hours.from < 0 ? undefined : positionOf(hours.from);
    let { silentTo } = places;
    // What stopped between two writes is read again: it is silent as before.
    let isSilent = hours.from < 0 || (silentTo !== undefined && hours.from <= silentTo);
    for await (const { position, next, payload } of pastEntries(workspace, EVENTS, ends.events, from)) {
      const event = decodeEvent(payload);
      hours.add(event, positionNumber(position), positionNumber(next), nowMs);
      isSilent &&= event.decisionId === '';
      if (isSilent) silentTo = Math.max(silentTo ?? 0, positionNumber(next));
      if (pace.isDue) await pace.rest();
    }
    // First, so that the hours are never beyond what is known to be silent.
    places.note(ends, silentTo);
    for (const hour of hours.save(nowMs)) toJudge.add(hour);
    for (const set of sets.list())
      if (isEventType(set.stream) && !set.complete && nowMs >= set.toMs + LATE_MS) toJudge.add(set.span);
    if (!isCaughtUp) await catchUp();
    const failures: unknown[] = [];
    const isAnyChanged = toJudge.size > 0;
    for (const hour of [...toJudge].sort()) {
      workspace.ending.check();
      try {
        await judgeHour(hour, nowMs);
        toJudge.delete(hour);
      } catch (error) {
        // It stays to be judged, and keeps the others from nothing.
        failures.push(error);
      }
      if (pace.isDue) await pace.rest();
    }
    if (isAnyChanged) sets.sync();
    if (failures.length > 0) throw failures[0];
    for (const type of EVENT_TYPES) sets.forget(type, nowMs - EVENT_HOURS_KEPT_MS);
  };

  return {
    followEvents,
    async followExamples(ends) {
      const { nowMs } = ends;
      // Oldest first: a day is measured against those before. Serving first: the others are measured against it.
      for (let days = REACH_MS / DAY_MS; days >= 0; days--) {
        const span = dayOf(nowMs - days * DAY_MS);
        for (const stream of ['serving', 'training', 'evaluation'] as const) {
          if (!isToRead(stream, days, nowMs)) continue;
          const startMs = clock.monotonicMs();
          try {
            await examineDay(stream, span, ends, () => {});
          } finally {
            const tookMs = clock.monotonicMs() - startMs;
            const againMs = days > RECENT_DAYS ? DAY_MS : AGAIN_MS;
            const completeMs = completeAtMs(stream, span);
            const restMs = nowMs + Math.max(againMs, TIMES_ITS_OWN * tookMs);
            // A day is read when it is complete, however large it is.
            restsUntil.set(setId({ stream, span }), nowMs < completeMs ? Math.min(restMs, completeMs) : restMs);
          }
        }
      }
      for (const stream of EXAMPLE_STREAMS) sets.forget(stream, nowMs - EXAMPLES_KEPT_MS);
    },
    async examine({ span, streams }, ends, onProgress) {
      await followEvents(ends);
      const wanted: readonly DataStream[] = streams ?? [...EXAMPLE_STREAMS, ...EVENT_TYPES];
      const examples = EXAMPLE_STREAMS.filter((stream) => wanted.includes(stream));
      const ids: string[] = [];
      if (span === undefined || span.length === 10) {
        const day = span ?? newestDay(sets, ends.nowMs);
        // Serving first: the others are measured against it.
        const needed = examples.some((stream) => stream !== 'serving')
          ? new Set<ExampleStream>(['serving', ...examples])
          : new Set(examples);
        for (const stream of needed) {
          onProgress(stream, 0);
          await examineDay(stream, day, ends, (_stage, share) => onProgress(stream, share));
        }
        ids.push(...examples.map((stream) => setId({ stream, span: day })));
      }
      for (const type of EVENT_TYPES.filter((type) => wanted.includes(type))) {
        if (span === undefined)
          ids.push(
            ...sets
              .list(type)
              .slice(0, 1)
              .map(({ id }) => id),
          );
        else
          ids.push(
            ...sets
              .list(type)
              .filter((set) => set.span.startsWith(span))
              .map(({ id }) => id)
              .reverse(),
          );
      }
      return ids.filter((id) => sets.get(id) !== undefined);
    },
    async judgeAgain(id, nowMs) {
      const { stored, set, before, serving } = measured(id);
      if (isEventType(stored.set.stream)) {
        await judgeHour(stored.set.span, nowMs);
        sets.sync();
        return;
      }
      const { schema, version } = await schemas.current(schemaNameOf(stored.set.stream));
      const environment = ENVIRONMENT_OF[stored.set.stream as ExampleStream];
      const { anomalies: judged, distances } = judgeSet(set, { schema, environment, before, serving });
      // What was compared row by row no schema changes.
      const kept = stored.anomalies.filter(({ types }) => types.includes(ROWS_DIFFER));
      const anomalies = [...kept, ...judged];
      const counted = { ...stored.set, examinedAtMs: nowMs, anomalies: countsOf(anomalies) };
      sets.put([{ ...stored, anomalies, distances, set: counted, schema: { ...stored.schema, version } }]);
    },
    measured,
  };
}

function completeAtMs(stream: ExampleStream, span: string): number {
  return boundsOf(span).toMs + LATE_MS + (stream === 'serving' ? 0 : MATURE_MS);
}

/** The newest day that has examples, else today. */
function newestDay(sets: SetStore, nowMs: number): string {
  return sets.list().find((set) => isExamples(set.stream) && set.complete)?.span ?? dayOf(nowMs);
}

function hasDriftError({ anomalies }: StoredSet): boolean {
  return anomalies.some(
    ({ severity, types }) => severity === 'error' && types.some((type) => type.startsWith('COMPARATOR')),
  );
}

const ROWS_DIFFER = 'SCHEMA_TRAINING_SERVING_SKEW';

/** What serving logged is what training recomputes, to the bit: whatever differs is skew, in one row as in all. */
function differencesOf({ compared, differing }: RowCounts): DataAnomaly[] {
  return [...differing].map(([feature, rows]) => ({
    path: `rows(${feature})`,
    feature,
    slice: '',
    severity: 'error',
    types: [ROWS_DIFFER],
    short: 'Logged and recomputed values differ',
    description: `${rows} of ${compared} rows that serving logged differ from what training recomputes of them.`,
    schemaLines: '',
    acceptedLines: '',
  }));
}

function withoutModels(measured: Measured | undefined): Measured | undefined {
  if (measured === undefined) return undefined;
  const datasets = (measured.list.datasets ?? []).filter(({ name = '' }) => !isOfModel(name));
  const list: DatasetFeatureStatisticsList = { datasets };
  return { ...measured, list };
}

function countsOf(anomalies: StoredSet['anomalies']): StoredSet['set']['anomalies'] {
  const errors = anomalies.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: anomalies.length - errors };
}

const WHY: Readonly<Record<string, string>> = {
  unseen: 'unseen or never rendered',
  unrendered: 'never rendered',
  sampled: 'not in the sample',
  holdOut: 'of the hold-out',
  otherEncoder: 'of other features',
};

function noteOf({ left, compared, differing, cardShare }: RowCounts): string {
  const alike = compared > 0 && differing.size === 0 ? [`${compared} rows logged and recomputed alike`] : [];
  const thinned = cardShare < 1 ? [`of the others one card in ${(1 / cardShare).toFixed(1)}`] : [];
  return [...[...left].map(([why, count]) => `${count} decisions ${WHY[why] ?? why}`), ...thinned, ...alike].join(', ');
}
