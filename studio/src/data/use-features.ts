/** Features a page at a time: those that are in view are asked for, and kept for a while. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { type FeatureQuestion, fetchStatistics } from './api.ts';

const PAGE = 50;
/** Spans that still fill are looked at again by then. */
const KEPT_MS = 60_000;

function pageQuery(question: FeatureQuestion, page: number) {
  return {
    queryKey: ['data', 'statistics', question, page],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchStatistics(question, page * PAGE, PAGE, signal),
    staleTime: KEPT_MS,
    placeholderData: keepPreviousData,
  };
}

/** The first page of each question, which also tells how many there are. */
export function useFirstPages(questions: readonly FeatureQuestion[]) {
  return useQueries({ queries: questions.map((question) => pageQuery(question, 0)) });
}

/** Those from `from` up to `to`; undefined at places that are still on their way. */
export function useFeatures(
  question: FeatureQuestion,
  from: number,
  to: number,
): (index: number) => ComparedFigures | undefined {
  const first = Math.floor(from / PAGE);
  const pages = Array.from({ length: Math.max(1, Math.ceil(to / PAGE) - first) }, (_, at) => first + at);
  const answers = useQueries({ queries: pages.map((page) => pageQuery(question, page)) });
  return (index) => {
    const at = Math.floor(index / PAGE) - first;
    return answers[at]?.data?.features[index % PAGE];
  };
}

/** One by its name; null where the sets have none of it. */
export function useFeature(question: Pick<FeatureQuestion, 'sets' | 'slice'>, name: string | undefined) {
  return useQuery({
    queryKey: ['data', 'feature', question.sets, question.slice, name],
    queryFn: async ({ signal }) => {
      const wanted = { ...question, search: name ?? '', kind: undefined, anomalous: false, order: 'name' } as const;
      const { features } = await fetchStatistics(wanted, 0, MOST_NAMESAKES, signal);
      return features.find((feature) => feature.name === name) ?? null;
    },
    enabled: name !== undefined,
    staleTime: KEPT_MS,
  });
}

/** Features whose names hold that of another. */
const MOST_NAMESAKES = 200;
