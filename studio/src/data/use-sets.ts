/** Which data sets there are, and which are on show. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { DataSet } from '../../../src/server/contract.ts';
import { type DataSearch, parseSets } from './address.ts';
import { type DataSets, fetchSets } from './api.ts';
import { EXAMPLE_STREAMS, isByHour } from './words.ts';

/** Of the newest sets of all streams: hours of events, mostly. */
const NEWEST = 300;
/** Of one stream. */
const SPANS = 200;
/** Spans fill while one looks. */
const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

export interface Overview {
  /** Newest first: of examples all that are offered, of events at least the newest. */
  readonly sets: readonly DataSet[];
  /** There are no others. */
  readonly isComplete: boolean;
}

function setsQuery(stream: string, limit: number) {
  return {
    queryKey: ['data', 'sets', stream, limit],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchSets(stream, limit, signal),
    refetchInterval: EVERY_MS,
  };
}

interface Answer {
  readonly data: DataSets | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

function combineSets(answers: readonly Answer[]) {
  const known = answers.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const all = new Map(known.flatMap(({ sets }) => sets.map((set) => [set.id, set])));
  const newest = answers.at(-1)?.data;
  const data: Overview | undefined =
    known.length < answers.length
      ? undefined
      : {
          sets: [...all.values()].sort((one, other) => other.fromMs - one.fromMs),
          isComplete: newest !== undefined && newest.sets.length >= newest.total,
        };
  return {
    data,
    error: answers.find(({ error }) => error !== null)?.error ?? null,
    refetch: () => {
      for (const { error, refetch } of answers) if (error !== null) refetch();
    },
  };
}

/** Days of examples are few beside hours of events, and would not be among the newest of all: they are asked for by themselves. */
export function useOverview() {
  return useQueries({
    queries: [...EXAMPLE_STREAMS.map((stream) => setsQuery(stream, SPANS)), setsQuery('', NEWEST)],
    combine: combineSets,
  });
}

/** Of one stream, newest first. */
export function useSpans(stream: string) {
  return useQuery({ ...setsQuery(stream, SPANS), placeholderData: keepPreviousData });
}

/** The newest of the training data with the span before it, else of whatever there is. */
function usualSets(overview: readonly DataSet[], stream: string | undefined): readonly string[] {
  const wanted = stream ?? (overview.some((set) => set.stream === 'training') ? 'training' : overview[0]?.stream);
  return overview
    .filter((set) => set.stream === wanted)
    .slice(0, 2)
    .map(({ id }) => id);
}

/** What the address asks for, or what is usual; empty before it is known. */
export function shownSets(search: DataSearch, overview: readonly DataSet[]): readonly string[] {
  const asked = parseSets(search.sets ?? '');
  return asked.length > 0 ? asked : usualSets(overview, search.stream);
}

/** The newest set of each stream that has any. */
export function newestByStream(overview: readonly DataSet[]): ReadonlyMap<string, DataSet> {
  const newest = new Map<string, DataSet>();
  for (const set of overview) if (!newest.has(set.stream)) newest.set(set.stream, set);
  return newest;
}

export interface Counterpart {
  readonly set: DataSet;
  /** What it is to the other. */
  readonly name: string;
}

/** What a set is usually held against: the span before; of hours the same hour of the day before, of examples the other streams of the day. */
export function counterparts(set: DataSet, known: readonly DataSet[]): readonly Counterpart[] {
  const own = known.filter(({ stream }) => stream === set.stream);
  const before = own.find(({ fromMs }) => fromMs < set.fromMs);
  const found = before === undefined ? [] : [{ set: before, name: 'the span before' }];
  if (isByHour(set.stream)) {
    const dayBefore = own.find(({ fromMs }) => fromMs === set.fromMs - DAY_MS);
    return dayBefore === undefined ? found : [...found, { set: dayBefore, name: 'the same hour of the day before' }];
  }
  const others = known.filter(({ stream, span }) => span === set.span && stream !== set.stream && !isByHour(stream));
  return [...found, ...others.map((other) => ({ set: other, name: `${other.stream} of the same day` }))];
}
