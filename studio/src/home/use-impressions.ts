/** An impression: at least half of a shelf in view for at least a second; told once a decision and shelf. */
import { type RefObject, useEffect } from 'react';
import type { Reporter } from './reporter.ts';

const SHARE_IN_VIEW = 0.5;
const LONG_ENOUGH_MS = 1000;

export function useImpression(
  element: RefObject<HTMLElement | null>,
  decisionId: string,
  shelfRank: number,
  reporter: Reporter,
): void {
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if (entry === undefined || !entry.isIntersecting) return;
        timer = setTimeout(() => {
          observer.disconnect();
          reporter.seen(decisionId, shelfRank);
        }, LONG_ENOUGH_MS);
      },
      { threshold: SHARE_IN_VIEW },
    );
    observer.observe(watched);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [element, decisionId, shelfRank, reporter]);
}

/** Tells once that a page was shown. */
export function useRendered(decisionId: string | undefined, reporter: Reporter): void {
  useEffect(() => {
    if (decisionId !== undefined) reporter.note({ type: 'rendered', reference: { decisionId } });
  }, [decisionId, reporter]);
}
