/** The page on show: a Home that replaces another of the same listener moves into place, and what is new in it is known. */
import { useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Page } from '../../../src/server/contract.ts';
import { comparePages, NO_CHANGES, type PageChanges } from './page-changes.ts';

export interface ShownPage {
  readonly page: Page | undefined;
  readonly changes: PageChanges;
  /** Counts the replacements, so that each is announced once. */
  readonly version: number;
}

function movesAllowed(): boolean {
  return !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** @param scope whose Home it is, and on what: pages of different scopes are not compared. */
export function useShownPage(page: Page | undefined, scope: string): ShownPage {
  const [shown, setShown] = useState<ShownPage>({ page: undefined, changes: NO_CHANGES, version: 0 });
  const last = useRef<{ page: Page; scope: string } | null>(null);

  useEffect(() => {
    if (page === undefined) return;
    const before = last.current;
    last.current = { page, scope };
    if (before === null || before.scope !== scope) {
      setShown({ page, changes: NO_CHANGES, version: 0 });
      return;
    }
    if (before.page.decisionId === page.decisionId) {
      // The same decision with or without its explanation.
      setShown((now) => ({ ...now, page }));
      return;
    }
    const changes = comparePages(before.page, page);
    const replace = () => setShown((now) => ({ page, changes, version: now.version + 1 }));
    if (changes.changedShelves.size > 0 && movesAllowed() && 'startViewTransition' in document) {
      const transition = document.startViewTransition(() => flushSync(replace));
      transition.ready.catch((skipped: unknown) => console.debug('The page changed without moving:', skipped));
    } else {
      replace();
    }
  }, [page, scope]);

  return page === undefined || last.current?.scope !== scope ? { ...shown, page: undefined } : shown;
}
