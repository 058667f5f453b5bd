/**
 * Sittings in place of listeners. Taste is told by who plays what beside what; where there are hardly any listeners (a person
 * alone with their own history), "who" tells nothing: every two items have the same listeners. What one person plays in one
 * sitting then tells it: each session is a row of the matrix that the embedding is fitted on, with what was counted as played in
 * it, and its artists, albums and shows at half the weight, as `liftedInteractions` gives them for a listener.
 */
import { type Catalog, UNKNOWN_KIND } from '../domain/index.ts';
import type { Interactions } from '../retrieval/index.ts';
import { COUNTED_PLAY_MS, SESSION_GAP_MS, WIDER_SHARE } from '../signals/index.ts';
import type { LogPosition } from '../store/index.ts';
import { pastEvents, type Workspace } from './workspace.ts';

/** With fewer listeners who have played anything, sessions are the rows. */
export const FEW_LISTENERS = 25;
/** The newest so many count; a fit on more takes longer than it gains. */
const MOST_SESSIONS = 10_000;

interface Sitting {
  readonly id: string;
  lastMs: number;
  /** Item → plays. */
  readonly plays: Map<number, number>;
}

/** One pass over the events before `end`. A session with a single item says nothing and makes no row. */
export async function sessionInteractions(
  workspace: Workspace,
  end: LogPosition,
  catalog: Catalog,
  /** Listeners whose plays count for nothing. */
  flagged: ReadonlySet<string>,
): Promise<Interactions> {
  const { items } = workspace.vocabularies();
  const open = new Map<string, Sitting>();
  const rows: Sitting[] = [];
  const finish = (sitting: Sitting): void => {
    if (sitting.plays.size > 1) rows.push(sitting);
  };
  for await (const { event } of pastEvents(workspace, end)) {
    if (event.type !== 'play' || event.playedMs < COUNTED_PLAY_MS || flagged.has(event.listenerKey)) continue;
    const item = items.lookup(event.itemId);
    if (item < 0 || item >= catalog.size || catalog.kind[item] === UNKNOWN_KIND) continue;
    let sitting = open.get(event.listenerKey);
    const gapMs = sitting === undefined ? 0 : Math.abs(event.occurredAtMs - sitting.lastMs);
    const goesOn = sitting?.id === event.sessionId && (event.sessionId !== '' || gapMs <= SESSION_GAP_MS);
    if (sitting === undefined || !goesOn) {
      if (sitting !== undefined) finish(sitting);
      sitting = { id: event.sessionId, lastMs: event.occurredAtMs, plays: new Map() };
      open.set(event.listenerKey, sitting);
    }
    sitting.lastMs = Math.max(sitting.lastMs, event.occurredAtMs);
    sitting.plays.set(item, (sitting.plays.get(item) ?? 0) + 1);
  }
  for (const sitting of open.values()) finish(sitting);
  rows.sort((a, b) => b.lastMs - a.lastMs);
  return matrixOf(rows.slice(0, MOST_SESSIONS), catalog);
}

function matrixOf(rows: readonly Sitting[], catalog: Catalog): Interactions {
  const starts = [0];
  const items: number[] = [];
  const counts: number[] = [];
  for (const { plays } of rows) {
    const lifted = new Map(plays);
    for (const [item, count] of plays) {
      const creator = catalog.creator[item];
      const parent = catalog.parent[item];
      for (const wider of parent === creator ? [creator] : [creator, parent]) {
        if (wider === item || wider >= catalog.size || catalog.kind[wider] === UNKNOWN_KIND || plays.has(wider))
          continue;
        lifted.set(wider, (lifted.get(wider) ?? 0) + WIDER_SHARE * count);
      }
    }
    for (const [item, count] of [...lifted].sort(([a], [b]) => a - b)) {
      items.push(item);
      counts.push(count);
    }
    starts.push(items.length);
  }
  return {
    listenerStart: Uint32Array.from(starts),
    items: Uint32Array.from(items),
    counts: Float32Array.from(counts),
  };
}
