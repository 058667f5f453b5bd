/**
 * Which of many rows of one height are in view, so that only those are in the document. The page itself scrolls. One row may be opened:
 * what it opens stands below it, with a height of its own.
 */
import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';

export interface RowWindow {
  /** The first one, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Of the rows before and after, with what is opened among them. */
  readonly beforePx: number;
  readonly afterPx: number;
  /** Of one row, as measured. */
  readonly rowPx: number;
}

interface Rows {
  readonly count: number;
  /** Before the first one was measured. */
  readonly estimatePx: number;
  /** Undefined where none is, or where it is not known. */
  readonly openAt: number | undefined;
  readonly openPx: number;
}

/** Rows beyond the edges, so that neither scrolling nor the arrow keys meet an end. */
const OVERSCAN = 6;

/**
 * @param start an element whose top is where the first row would begin, if all were there
 * @param row any one of the rows; its height is that of all
 */
export function useRowWindow(
  start: RefObject<HTMLElement | null>,
  row: RefObject<HTMLElement | null>,
  { count, estimatePx, openAt, openPx }: Rows,
): RowWindow {
  const [rowPx, setRowPx] = useState(estimatePx);
  const [[from, to], setRange] = useState<readonly [number, number]>([0, Math.min(count, 2 * OVERSCAN)]);
  useLayoutEffect(() => {
    const measured = row.current?.getBoundingClientRect().height ?? 0;
    if (measured > 0 && Math.abs(measured - rowPx) > 0.5) setRowPx(measured);
  });
  useEffect(() => {
    let asked = 0;
    const look = (): void => {
      asked = 0;
      const top = start.current?.getBoundingClientRect().top ?? 0;
      // A place below what is opened is further up by its height, were it closed.
      const openTop = openAt === undefined ? Number.POSITIVE_INFINITY : (openAt + 1) * rowPx;
      const indexAt = (px: number): number => Math.floor((px > openTop ? Math.max(openTop, px - openPx) : px) / rowPx);
      const first = Math.min(Math.max(0, count - OVERSCAN), Math.max(0, indexAt(-top) - OVERSCAN));
      const last = Math.min(count, Math.max(0, indexAt(window.innerHeight - top)) + OVERSCAN);
      setRange((now) => (now[0] === first && now[1] === last ? now : [first, last]));
    };
    const ask = (): void => {
      if (asked === 0) asked = requestAnimationFrame(look);
    };
    look();
    window.addEventListener('scroll', ask, { passive: true });
    window.addEventListener('resize', ask);
    return () => {
      cancelAnimationFrame(asked);
      window.removeEventListener('scroll', ask);
      window.removeEventListener('resize', ask);
    };
  }, [start, count, rowPx, openAt, openPx]);
  const end = Math.min(to, count);
  const isOpenBefore = openAt !== undefined && openAt < from;
  const isOpenAfter = openAt !== undefined && openAt >= end;
  return {
    from: Math.min(from, end),
    to: end,
    beforePx: Math.min(from, end) * rowPx + (isOpenBefore ? openPx : 0),
    afterPx: (count - end) * rowPx + (isOpenAfter ? openPx : 0),
    rowPx,
  };
}
