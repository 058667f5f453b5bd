/** Making playlists: a group at a time, in short steps, so that a thread that serves can do it between requests. */

import { dailyMixes } from './daily-mixes.ts';
import { weeklyDiscovery } from './discovery.ts';
import type { GeneratedList, GroupOfLists, ListGroup, PlaylistInput, Standing } from './lists.ts';
import { dayAround, isoWeekAround, isoWeekName, type Period, releaseWeekAround, turnHourOf } from './periods.ts';
import { followsHash, releaseRadar } from './radar.ts';

/** The period of a group that is made at this time. */
export function periodOf(group: ListGroup, { state, rights }: PlaylistInput): Period {
  switch (group) {
    case 'daily':
      return dayAround(rights.atMs, turnHourOf(state.hours));
    case 'weekly':
      return isoWeekAround(rights.atMs);
    case 'radar':
      return releaseWeekAround(rights.atMs);
  }
}

/**
 * Makes a group of playlists for the period around `rights.atMs`. A function of the input alone: the same state, epochs, key
 * and time give the same lists. A step is a search of the embedding, a look at some of what it found, or a choice from it; the
 * first one of a group clusters the listener's taste.
 */
export function* makeGroup(group: ListGroup, input: PlaylistInput): Generator<undefined, GroupOfLists> {
  const period = periodOf(group, input);
  const follows = followsHash(input.state);
  return { ...period, madeAtMs: input.rights.atMs, follows, lists: yield* listsOf(group, period, input) };
}

function* listsOf(
  group: ListGroup,
  period: Period,
  input: PlaylistInput,
): Generator<undefined, readonly GeneratedList[]> {
  switch (group) {
    case 'daily':
      return yield* dailyMixes(input, new Date(period.fromMs).toISOString());
    case 'weekly':
      return only(yield* weeklyDiscovery(input, isoWeekName(input.rights.atMs)));
    case 'radar':
      return only(releaseRadar(input));
  }
}

function only(list: GeneratedList | undefined): readonly GeneratedList[] {
  return list === undefined ? [] : [list];
}

/** Does the group stand at this time, for somebody who follows these? The radar answers a change of follows at once. */
export function stands(group: ListGroup, made: Standing, atMs: number, follows: number): boolean {
  if (atMs < made.fromMs || atMs >= made.untilMs) return false;
  return group !== 'radar' || made.follows === follows;
}
