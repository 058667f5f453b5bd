/** Slices of a set, by what they are by. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { fetchSlices } from './api.ts';

export interface SliceGroup {
  /** `tier`. */
  readonly group: string;
  readonly items: readonly { readonly value: string; readonly label: string }[];
}

const KEPT_MS = 60_000;

/** @param by '' for the first that the set is sliced by; @param feature '' for counts only */
export function slicesQuery(set: string, by: string, feature: string) {
  return {
    queryKey: ['data', 'slices', set, by, feature],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchSlices(set, by, feature, signal),
    staleTime: KEPT_MS,
    enabled: set !== '',
  };
}

/** All slices of a set that have rows; what cannot be told is left out. */
export function useSliceGroups(set: string): readonly SliceGroup[] {
  const first = useQuery(slicesQuery(set, '', ''));
  const groups = first.data?.slicedBy ?? [];
  const answers = useQueries({ queries: groups.map((by) => slicesQuery(set, by, '')) });
  return answers.flatMap(({ data }) => {
    const items = (data?.slices ?? [])
      .filter(({ examples }) => examples > 0)
      .map(({ slice, of }) => ({ value: slice, label: of === '' ? 'not known' : of }));
    return data === undefined || items.length === 0 ? [] : [{ group: data.by, items }];
  });
}
