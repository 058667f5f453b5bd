/**
 * Impressions: at least half of an element visible for at least a second without a break, on a page that is itself
 * visible (DESIGN's rule, and that of the Media Rating Council for displayed ads). Told once a reference.
 * What is larger than the window can never show its half: it counts where it fills half of the window.
 */
import type { ClientClock } from './system.ts';

/** What was seen: a shelf of a Home, or one card of it. Ranks count from 0. */
export interface ImpressionReference {
  readonly decisionId: string;
  readonly shelfRank: number;
  readonly cardRank?: number | undefined;
}

export interface ImpressionObserver {
  /** Watches an element until the returned function is called. */
  register(element: Element, reference: ImpressionReference): () => void;
  /**
   * Watches what is marked below `root`, now and later, until the returned function is called:
   * `data-shelfwise-decision` on any element around it, `data-shelfwise-shelf` with the shelf's rank; for `of: 'cards'` also
   * `data-shelfwise-card` with the card's rank.
   */
  observe(root: Element | Document, options?: { readonly of?: 'shelves' | 'cards' }): () => void;
  disconnect(): void;
}

const SHARE_VISIBLE = 0.5;
const LONG_ENOUGH_MS = 1000;
/** The observer is told when a twentieth more or less is visible: enough for the window's half too. */
const THRESHOLDS = Array.from({ length: 21 }, (_, i) => i / 20);
const MARKS = ['data-shelfwise-decision', 'data-shelfwise-shelf', 'data-shelfwise-card'] as const;
const [DECISION, SHELF, CARD] = MARKS;
/** References remembered as told; a page that shows more begins anew, and the platform tells doubles by nothing else. */
const MOST_TOLD = 10_000;

interface Watched {
  readonly reference: ImpressionReference;
  inView: boolean;
  /** Stops the second that is running. */
  cancel: (() => void) | undefined;
}

export function createImpressionObserver(
  seen: (reference: ImpressionReference) => void,
  clock: ClientClock,
): ImpressionObserver {
  const watched = new Map<Element, Watched>();
  const told = new Set<string>();
  const roots = new Set<() => void>();

  const stop = (entry: Watched): void => {
    entry.cancel?.();
    entry.cancel = undefined;
  };
  const start = (element: Element, entry: Watched): void => {
    if (entry.cancel !== undefined || !entry.inView || document.visibilityState !== 'visible') return;
    entry.cancel = clock.after(LONG_ENOUGH_MS, () => {
      unwatch(element, entry);
      const name = nameOf(entry.reference);
      if (told.has(name)) return;
      if (told.size >= MOST_TOLD) told.clear();
      told.add(name);
      seen(entry.reference);
    });
  };
  const observer = new IntersectionObserver(
    (changes) => {
      for (const change of changes) {
        const entry = watched.get(change.target);
        if (entry === undefined) continue;
        entry.inView = isVisible(change);
        if (entry.inView) start(change.target, entry);
        else stop(entry);
      }
    },
    { threshold: THRESHOLDS },
  );
  const unwatch = (element: Element, entry: Watched): void => {
    stop(entry);
    if (watched.get(element) !== entry) return;
    watched.delete(element);
    observer.unobserve(element);
  };
  const onVisibility = (): void => {
    for (const [element, entry] of watched) {
      if (document.visibilityState === 'visible') start(element, entry);
      else stop(entry);
    }
  };
  document.addEventListener('visibilitychange', onVisibility);

  const register = (element: Element, reference: ImpressionReference): (() => void) => {
    const before = watched.get(element);
    if (before !== undefined) unwatch(element, before);
    if (told.has(nameOf(reference))) return () => undefined;
    const entry: Watched = { reference, inView: false, cancel: undefined };
    watched.set(element, entry);
    observer.observe(element);
    return () => unwatch(element, entry);
  };

  const observe: ImpressionObserver['observe'] = (root, { of = 'shelves' } = {}) => {
    const mark = of === 'cards' ? CARD : SHELF;
    const held = new Map<Element, { readonly name: string; readonly release: () => void }>();
    const look = (): void => {
      const present = new Set<Element>(root.querySelectorAll(`[${mark}]`));
      if (root instanceof Element && root.hasAttribute(mark)) present.add(root);
      for (const [element, { release }] of held) {
        if (present.has(element)) continue;
        release();
        held.delete(element);
      }
      for (const element of present) {
        const reference = referenceOf(element, of === 'cards');
        const name = reference === undefined ? '' : nameOf(reference);
        const before = held.get(element);
        if (before?.name === name) continue;
        before?.release();
        held.set(element, {
          name,
          release: reference === undefined ? () => undefined : register(element, reference),
        });
      }
    };
    const changes = new MutationObserver(look);
    changes.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: [...MARKS] });
    look();
    const release = (): void => {
      changes.disconnect();
      for (const entry of held.values()) entry.release();
      held.clear();
      roots.delete(release);
    };
    roots.add(release);
    return release;
  };

  return {
    register,
    observe,
    disconnect() {
      document.removeEventListener('visibilitychange', onVisibility);
      for (const release of [...roots]) release();
      for (const entry of watched.values()) stop(entry);
      watched.clear();
      observer.disconnect();
    },
  };
}

function isVisible({ intersectionRatio, intersectionRect, rootBounds }: IntersectionObserverEntry): boolean {
  if (intersectionRatio >= SHARE_VISIBLE) return true;
  // Null in a frame of another origin.
  const window = rootBounds === null ? 0 : rootBounds.width * rootBounds.height;
  return window > 0 && intersectionRect.width * intersectionRect.height >= SHARE_VISIBLE * window;
}

function nameOf({ decisionId, shelfRank, cardRank }: ImpressionReference): string {
  return `${decisionId} ${shelfRank} ${cardRank ?? ''}`;
}

/** What the marks on and around an element say; undefined where they are not complete (yet). */
function referenceOf(element: Element, ofCard: boolean): ImpressionReference | undefined {
  const decisionId = element.closest(`[${DECISION}]`)?.getAttribute(DECISION) ?? '';
  const shelfRank = rankOf(element.closest(`[${SHELF}]`)?.getAttribute(SHELF));
  if (decisionId === '' || shelfRank === undefined) return undefined;
  if (!ofCard) return { decisionId, shelfRank };
  const cardRank = rankOf(element.getAttribute(CARD));
  return cardRank === undefined ? undefined : { decisionId, shelfRank, cardRank };
}

function rankOf(mark: string | null | undefined): number | undefined {
  return mark !== null && mark !== undefined && /^\d{1,3}$/.test(mark) ? Number(mark) : undefined;
}
