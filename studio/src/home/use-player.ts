/** The player's state: one listen at a time, its clock, and the events that it ends in. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import { fetchItem } from '../shell/api.ts';
import {
  advance,
  type Ending,
  endingEvents,
  isFinished,
  type Listen,
  type Origin,
  selectEvent,
  startListen,
} from './playback.ts';
import type { Reporter } from './reporter.ts';

export interface Player {
  readonly listen: Listen | null;
  play(card: PageCard, origin: Origin): void;
  /** Pauses, goes on, or starts anew what has ended. */
  toggle(): void;
  skip(): void;
  /** Ends the listen and puts the player away. */
  close(): void;
}

const TICK_MS = 200;

/** @param onHeard called when the platform has what a listen ended in. */
export function usePlayer(reporter: Reporter, onHeard: () => void, onFailure: (failure: unknown) => void): Player {
  const [listen, setListen] = useState<Listen | null>(null);
  // The clock and the last event of a page that closes need the newest listen, not that of the last rendering.
  const current = useRef<Listen | null>(null);
  const reported = useRef(false);

  const show = useCallback((next: Listen | null) => {
    current.current = next;
    setListen(next);
  }, []);

  const end = useCallback(
    (ending: Ending) => {
      const ended = current.current;
      if (ended === null || reported.current) return;
      reported.current = true;
      const events = endingEvents(ended, ending);
      if (events.length === 0) return;
      reporter.report(events).then(onHeard, onFailure);
    },
    [reporter, onHeard, onFailure],
  );

  const start = useCallback(
    (card: PageCard, origin: Origin) => {
      end('replaced');
      reported.current = false;
      const begun = startListen(card, origin);
      show(begun);
      reporter.seen(origin.decisionId, origin.shelfRank);
      reporter.report([selectEvent(card, origin)]).catch(onFailure);
      if (card.kind !== 'track' && card.kind !== 'episode') return;
      fetchItem(card.id).then((item) => {
        const now = current.current;
        if (now === null || now.card.id !== card.id || item.durationMs === undefined) return;
        if (item.durationMs > now.playedMs) show({ ...now, durationMs: item.durationMs });
      }, onFailure);
    },
    [end, show, reporter, onFailure],
  );

  const playing = listen?.playing ?? false;
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const ticking = setInterval(() => {
      const now = performance.now();
      const before = current.current;
      if (before === null) return;
      const after = advance(before, now - last);
      last = now;
      if (isFinished(after)) {
        show({ ...after, playing: false });
        end('finished');
      } else {
        show(after);
      }
    }, TICK_MS);
    return () => clearInterval(ticking);
  }, [playing, show, end]);

  useEffect(() => {
    const leave = () => {
      const left = current.current;
      if (left === null || reported.current) return;
      reported.current = true;
      for (const event of endingEvents(left, 'stopped')) reporter.note(event);
      void reporter.flush(true);
    };
    window.addEventListener('pagehide', leave);
    return () => window.removeEventListener('pagehide', leave);
  }, [reporter]);

  // Another listener or device has a reporter of its own: what was playing ends with the one before.
  useEffect(
    () => () => {
      const left = current.current;
      if (left !== null && !reported.current) {
        reported.current = true;
        reporter.report(endingEvents(left, 'stopped')).catch(onFailure);
      }
      show(null);
    },
    [reporter, onFailure, show],
  );

  return {
    listen,
    play: start,
    toggle() {
      const now = current.current;
      if (now === null) return;
      if (isFinished(now)) start(now.card, now.origin);
      else show({ ...now, playing: !now.playing });
    },
    skip() {
      end('skipped');
      show(null);
    },
    close() {
      end('stopped');
      show(null);
    },
  };
}
