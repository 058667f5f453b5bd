/** What the machine itself takes away: a loop that only reads the clock, and the time it was not running. */
import { round } from './load.ts';

export interface Jitter {
  /** Share of the time that a process which never waits did not run. */
  readonly lostShare: number;
  readonly p99GapMs: number;
  readonly longestGapMs: number;
}

/** Latencies above these gaps are the machine's, not the program's. */
export function measureJitter(seconds: number): Jitter {
  const gaps: number[] = [];
  const startMs = performance.now();
  let lastMs = startMs;
  while (lastMs - startMs < seconds * 1000) {
    const nowMs = performance.now();
    if (nowMs - lastMs > 0.5) gaps.push(nowMs - lastMs);
    lastMs = nowMs;
  }
  gaps.sort((a, b) => a - b);
  return {
    lostShare: round(gaps.reduce((sum, gap) => sum + gap, 0) / (seconds * 1000)),
    p99GapMs: round(gaps[Math.floor(0.99 * gaps.length)] ?? 0),
    longestGapMs: round(gaps.at(-1) ?? 0),
  };
}
