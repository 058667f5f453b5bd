/** The player's state: one listen at a time, its clock, what comes after it, and the events that it ends in. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { fetchItem } from '../shell/api.ts';
import {
  advance,
  type Container,
  type Ending,
  endingEvents,
  isFinished,
  type Listen,
  nextOf,
  type Origin,
  type Playable,
  selectEvent,
  startListen,
  startTrack,
} from './playback.ts';
import type { Reporter } from './reporter.ts';

export interface Player {
  readonly listen: Listen | null;
  /** Plays one thing. */
  play(item: Playable, origin: Origin): void;
  /** Plays a container from this place on, until its end. */
  playFrom(container: Container, place: number, origin: Origin): void;
  /** Pauses, goes on, or starts anew what has ended. */
  toggle(): void;
  /** To what comes next; without any, the player is put away. */
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
      // Between the tracks of a container the Home stays as it is: it changes when the listener comes back to it.
      const goesOn = ending === 'finished' && nextOf(ended) !== undefined;
      reporter.report(events).then(goesOn ? () => undefined : onHeard, onFailure);
    },
    [reporter, onHeard, onFailure],
  );

  const begin = useCallback(
    (begun: Listen) => {
      reported.current = false;
      show(begun);
      const { item } = begun;
      if (item.kind !== 'track' && item.kind !== 'episode') return;
      fetchItem(item.id).then((known) => {
        const now = current.current;
        if (now === null || now.item.id !== item.id || known.durationMs === undefined) return;
        if (known.durationMs > now.playedMs) show({ ...now, durationMs: known.durationMs });
      }, onFailure);
    },
    [show, onFailure],
  );

  const choose = useCallback(
    (begun: Listen, chosen: Pick<Playable, 'id'>) => {
      end('replaced');
      if (begun.origin.decisionId !== '') reporter.seen(begun.origin.decisionId, begun.origin.shelfRank);
      reporter.report([selectEvent(chosen, begun.origin)]).catch(onFailure);
      begin(begun);
    },
    [end, begin, reporter, onFailure],
  );

  const goOn = useCallback(
    (ending: Ending) => {
      const ended = current.current;
      end(ending);
      const next = ended === null ? undefined : nextOf(ended);
      if (next !== undefined) begin(ending === 'finished' ? next : { ...next, autoplay: false });
      return next !== undefined;
    },
    [end, begin],
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
      if (!isFinished(after)) show(after);
      else {
        show({ ...after, playing: false });
        goOn('finished');
      }
    }, TICK_MS);
    return () => clearInterval(ticking);
  }, [playing, show, goOn]);

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
    play: useCallback((item, origin) => choose(startListen(item, origin), item), [choose]),
    playFrom: useCallback(
      (container, place, origin) => {
        const begun = startTrack(container, place, origin, false);
        if (begun !== undefined) choose(begun, container);
      },
      [choose],
    ),
    toggle() {
      const now = current.current;
      if (now === null) return;
      if (!isFinished(now)) show({ ...now, playing: !now.playing });
      else if (now.container === undefined) choose(startListen(now.item, now.origin), now.item);
      else begin({ ...now, playedMs: 0, playing: true, autoplay: false });
    },
    skip() {
      if (!goOn('skipped')) show(null);
    },
    close() {
      end('stopped');
      show(null);
    },
  };
}
