/** Which data sets there are, and which are on show. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { DataSet } from '../../../src/server/contract.ts';
import { type DataSearch, parseSets, streamOf } from './address.ts';
import { fetchSets } from './api.ts';

/** Of all streams: enough for the newest spans of each. */
const OVERVIEW = 500;
/** Of one stream. */
const SPANS = 200;
/** Spans fill while one looks. */
const EVERY_MS = 60_000;

function setsQuery(stream: string, limit: number) {
  return {
    queryKey: ['data', 'sets', stream, limit],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchSets(stream, limit, signal),
    refetchInterval: EVERY_MS,
  };
}

/** Sets of all streams, newest first. */
export function useOverview() {
  return useQuery(setsQuery('', OVERVIEW));
}

/** Of one stream, newest first. */
export function useSpans(stream: string | undefined) {
  return useQuery({
    ...setsQuery(stream ?? '', SPANS),
    enabled: stream !== undefined,
    placeholderData: keepPreviousData,
  });
}

/** The newest of the training data with the span before it, else of whatever there is. */
export function usualSets(overview: readonly DataSet[], stream: string | undefined): readonly string[] {
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

/** What a set is usually held against: the span before, and of examples serving of the same span. */
export function counterparts(set: DataSet, overview: readonly DataSet[]): readonly DataSet[] {
  const before = overview.find(({ stream, fromMs }) => stream === set.stream && fromMs < set.fromMs);
  const others = overview.filter(
    ({ stream, span }) =>
      span === set.span &&
      stream !== set.stream &&
      ['training', 'evaluation', 'serving'].includes(stream) &&
      ['training', 'evaluation', 'serving'].includes(streamOf(set.id)),
  );
  return [...(before === undefined ? [] : [before]), ...others];
}
