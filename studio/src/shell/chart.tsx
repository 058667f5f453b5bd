/**
 * A chart by Observable Plot, in the page's type and colours. The library is loaded when the first chart is shown; until then, and
 * while there is nothing to draw, its place is kept, so that nothing moves.
 */
import type * as Plot from '@observablehq/plot';
import { useEffect, useRef, useState } from 'react';
import styles from './chart.module.css';

export type PlotLibrary = typeof Plot;

/** Colours of charts: tokens, so that a change of scheme needs no new drawing. */
export const CHART = {
  ink: 'var(--ink)',
  quiet: 'var(--ink-3)',
  line: 'var(--line)',
  main: 'var(--chart-1)',
  second: 'var(--chart-2)',
  third: 'var(--chart-3)',
  fourth: 'var(--chart-4)',
  faint: 'var(--fill-strong)',
  danger: 'var(--danger)',
} as const;

let library: Promise<PlotLibrary> | undefined;
function loadPlot(): Promise<PlotLibrary> {
  library ??= import('@observablehq/plot');
  return library;
}

/** Width of an element in whole pixels, 0 before it is known. */
export function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return;
    const resizing = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    resizing.observe(watched);
    return () => resizing.disconnect();
  }, [element]);
  return width;
}

interface ChartProps {
  /** What the chart shows, in a sentence, for those who do not see it. */
  readonly label: string;
  readonly heightPx: number;
  /** Called for every drawing; keep it the same function (useCallback) while nothing changes. Width, height and style are added. */
  readonly options: (plot: PlotLibrary, widthPx: number) => Plot.PlotOptions;
}

export function Chart({ label, heightPx, options }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [plot, setPlot] = useState<PlotLibrary>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let current = true;
    loadPlot().then(
      (loaded) => {
        if (current) setPlot(loaded);
      },
      (failure: unknown) => {
        console.warn('Charts cannot be drawn:', failure);
        if (current) setFailed(true);
      },
    );
    return () => {
      current = false;
    };
  }, []);
  useEffect(() => {
    const element = place.current;
    if (element === null || plot === undefined || width === 0) return;
    const drawn = plot.plot({
      width,
      height: heightPx,
      style: { fontFamily: 'var(--font)', fontSize: '12px', color: 'var(--ink-2)', background: 'none' },
      ...options(plot, width),
    });
    // The label above says it; the marks inside name themselves in ways that no reader could use.
    drawn.setAttribute('aria-hidden', 'true');
    element.replaceChildren(drawn);
    return () => drawn.remove();
  }, [plot, width, heightPx, options]);
  return (
    <div ref={place} className={styles.chart} style={{ height: heightPx }} role="img" aria-label={label}>
      {failed && <p className={styles.failed}>This chart could not be loaded; reload the page.</p>}
    </div>
  );
}
