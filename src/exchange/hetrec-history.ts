/**
 * A plausible history for play counts that come without times. Made up, and said to be made up.
 *
 * For one listener with artists i = 0, 1, … by falling play count w_i (ties by artist id):
 *  - plays n_i = max(1, round(24 · (w_i / w_0)^0.65)): never falls and grows concavely with the count, 1 to 24;
 *  - plays fall into sessions of about six; session s of S lies `118 d · ((s + jitter) / S)^1.3` back, at the hours that the
 *    listener likes;
 *  - play k of artist i goes into the session at quantile (k + o_i) / n_i. With o_0 = 0.02 < o_i and n_0 >= n_i the k-th most
 *    recent play of the first artist is never older than the k-th of any other, so the first artist leads the decayed plays;
 *    where that lead is thin, more recent plays are added until it is 15% and 0.3 plays (28 days, half-life 7 days);
 *  - of the artists outside the first three about 15% are past loves: all their plays lie 35 to 110 days back.
 */
import { createRng, DAY_MS, HOUR_MS, type Rng } from '../base/index.ts';
import type { Device } from '../domain/index.ts';

export interface ListenerCounts {
  readonly listenerId: number;
  /** By falling weight, ties by rising id. */
  readonly artistIds: readonly number[];
  readonly weights: readonly number[];
}

/** Receives one play; plays of a listener come in no particular order, and do not overlap. */
export type PlaySink = (
  artistId: number,
  /** Counts the plays of this pair from 0. */
  play: number,
  session: number,
  startedAtMs: number,
  durationMs: number,
  playedMs: number,
  device: Device,
) => void;

const PLAYS_OF_FIRST = 24;
const CONCAVITY = 0.65;
const PLAYS_PER_SESSION = 6;
const SPAN_DAYS = 118;
const RECENCY = 1.3;
const FIRST_OFFSET = 0.02;
const PAST_LOVE_DAYS = { from: 35, to: 110 } as const;
const ROTATION_DAYS = 28;
const HALF_LIFE_DAYS = 7;
const LEAD = { factor: 1.15, plays: 0.3 } as const;
const GAP_MS = 2000;

export function inventHistory(counts: ListenerCounts, seed: number, nowMs: number, sink: PlaySink): void {
  const rng = createRng(seed * 4294967296 + counts.listenerId);
  const artists = counts.artistIds.length;
  const plays = counts.weights.map((weight) =>
    Math.max(1, Math.round(PLAYS_OF_FIRST * (weight / counts.weights[0]) ** CONCAVITY)),
  );
  const total = plays.reduce((sum, n) => sum + n, 0);
  const sessions = inventSessions(rng, Math.max(4, Math.ceil(total / PLAYS_PER_SESSION)), nowMs);
  const oldest = sessions.filter((session) => session.ageDays <= PAST_LOVE_DAYS.to).length;
  const newest = sessions.findIndex((session) => session.ageDays >= PAST_LOVE_DAYS.from);

  const decayed = new Float64Array(artists);
  const placed: { artist: number; play: number; session: number; order: number }[] = [];
  const place = (artist: number, play: number, session: number): void => {
    placed.push({ artist, play, session, order: rng.uniform() });
    const age = sessions[session].ageDays;
    if (age <= ROTATION_DAYS) decayed[artist] += 2 ** (-age / HALF_LIFE_DAYS);
  };
  for (let artist = 0; artist < artists; artist++) {
    const offset = artist === 0 ? FIRST_OFFSET : 0.15 + 0.8 * rng.uniform();
    // Rather among the better loved half: a single play long ago was never a love.
    const pastShare = artist < 3 ? 0 : artist < artists / 2 ? 0.25 : 0.05;
    const past = rng.uniform() < pastShare && newest >= 0 && newest < oldest;
    const from = past ? newest : 0;
    const to = past ? oldest : sessions.length;
    for (let play = 0; play < plays[artist]; play++) {
      place(artist, play, from + Math.floor(((play + offset) / plays[artist]) * (to - from)));
    }
  }
  let best = 0;
  for (let artist = 1; artist < artists; artist++) best = Math.max(best, decayed[artist]);
  const recent = Math.max(1, sessions.filter((session) => session.ageDays <= 10).length);
  for (let extra = 0; decayed[0] < LEAD.factor * best + LEAD.plays; extra++) place(0, plays[0] + extra, extra % recent);

  schedule(rng, placed, sessions, nowMs, counts, sink);
}

interface Session {
  readonly ageDays: number;
  readonly startMs: number;
  readonly device: Device;
}

/** Sessions from the newest to the oldest. */
function inventSessions(rng: Rng, count: number, nowMs: number): Session[] {
  const habit = rng.uniform();
  const peakHour = habit < 0.6 ? 18 + 4 * rng.uniform() : habit < 0.8 ? 12 + 3 * rng.uniform() : 7 + 2 * rng.uniform();
  const spreadHours = 1 + 2 * rng.uniform();
  const home: Device = rng.uniform() < 0.6 ? 'phone' : 'desktop';
  const away: Device = home === 'phone' ? 'desktop' : 'phone';
  const starts: number[] = [];
  for (let s = 0; s < count; s++) {
    const roughMs = nowMs - SPAN_DAYS * DAY_MS * ((s + rng.uniform()) / count) ** RECENCY;
    const hour = rng.uniform() < 0.7 ? peakHour + spreadHours * rng.normal() : 7 + 16 * rng.uniform();
    let startMs = Math.floor(roughMs / DAY_MS) * DAY_MS + Math.round(hour * HOUR_MS);
    while (startMs > nowMs - HOUR_MS) startMs -= DAY_MS;
    starts.push(startMs);
  }
  starts.sort((a, b) => b - a);
  return starts.map((startMs) => ({
    startMs,
    ageDays: (nowMs - startMs) / DAY_MS,
    device: rng.uniform() < 0.8 ? home : away,
  }));
}

/** Lays plays end to end within their sessions; sessions that would run into each other move back in time. */
function schedule(
  rng: Rng,
  placed: { artist: number; play: number; session: number; order: number }[],
  sessions: readonly Session[],
  nowMs: number,
  counts: ListenerCounts,
  sink: PlaySink,
): void {
  placed.sort((a, b) => a.session - b.session || a.order - b.order);
  let notAfterMs = nowMs - 60_000;
  let at = 0;
  for (let s = 0; s < sessions.length; s++) {
    const first = at;
    const lengths: number[] = [];
    let sessionMs = 0;
    for (; at < placed.length && placed[at].session === s; at++) {
      const durationMs = 1000 * Math.round(150 + 60 * (rng.uniform() + rng.uniform() + rng.uniform()));
      lengths.push(durationMs);
      sessionMs += durationMs + GAP_MS;
    }
    let startMs = Math.min(sessions[s].startMs, notAfterMs - sessionMs);
    notAfterMs = startMs;
    for (let i = first; i < at; i++) {
      const { artist, play } = placed[i];
      const durationMs = lengths[i - first];
      const playedMs =
        rng.uniform() < 0.88 ? durationMs : Math.max(40_000, Math.round(durationMs * (0.4 + 0.55 * rng.uniform())));
      sink(counts.artistIds[artist], play, s, startMs, durationMs, playedMs, sessions[s].device);
      startMs += durationMs + GAP_MS;
    }
  }
}
