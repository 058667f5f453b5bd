/** Asks for the newest seconds again and again, and keeps the last quarter of an hour. */
import { useEffect, useRef, useState } from 'react';
import type { LiveInsights } from '../../../src/server/contract.ts';
import { fetchLive } from './api.ts';
import { joined, type Second, secondsOf } from './seconds.ts';

export interface LiveState {
  readonly seconds: readonly Second[];
  /** The newest answer; undefined before the first. */
  readonly latest: LiveInsights | undefined;
  /** Why the newest question was not answered; null when it was. */
  readonly failure: unknown;
}

const NOTHING: LiveState = { seconds: [], latest: undefined, failure: null };

/** @param everyMs pause between an answer and the next question; a tab that is not looked at does not ask */
export function useLive(paused: boolean, everyMs: number): LiveState & { readonly retry: () => void } {
  const [state, setState] = useState<LiveState>(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const newest = useRef<number>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    if (paused) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        try {
          const latest = await fetchLive(newest.current, leaving.signal);
          const fresh = secondsOf(latest);
          newest.current = fresh.at(-1)?.atS ?? newest.current;
          setState(({ seconds }) => ({ seconds: joined(seconds, fresh), latest, failure: null }));
        } catch (failure) {
          if (leaving.signal.aborted) return;
          setState((before) => ({ ...before, failure }));
        }
      }
      if (!leaving.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [paused, everyMs, attempt]);
  return { ...state, retry: () => setAttempt((n) => n + 1) };
}
