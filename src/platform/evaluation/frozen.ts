/** The decisions of a data directory that no platform holds open, each with all that it was made from. */
import { readLogSegments } from '../../store/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import { pastDecisions } from '../training/examples.ts';
import { DECISIONS, openWorkspace } from '../workspace.ts';
import { newTotals } from './chunks.ts';
import { DecisionOpener, type OpenedDecision } from './weighing.ts';

const ALWAYS = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

export interface FrozenDecisions {
  /** In the order of the log. Those that no evaluation may use (degraded, marked, of the hold-out) are left out. */
  readonly decisions: AsyncIterable<OpenedDecision>;
  /** Id of an item by its number. */
  itemName(item: number): string;
  readonly encoder: ReturnType<typeof openWorkspace>['encoder'];
  close(): Promise<void>;
}

/** To be closed. Throws LOG_CORRUPT, STATE_CORRUPT. */
export function openFrozenDecisions(dataDir: string): FrozenDecisions {
  const workspace = openWorkspace(dataDir, createEnding(createEndingMemory()));
  const { items } = workspace.vocabularies();
  return {
    encoder: workspace.encoder,
    itemName: (item) => items.name(item),
    decisions: opened(workspace),
    close: () => workspace.close(),
  };
}

async function* opened(workspace: ReturnType<typeof openWorkspace>): AsyncGenerator<OpenedDecision> {
  let end: { readonly segment: number; readonly offset: number } | undefined;
  for (const { next } of readLogSegments(workspace.paths.log(DECISIONS))) end = next;
  if (end === undefined) return;
  const opener = new DecisionOpener(workspace, newTotals(0).left);
  for await (const record of pastDecisions(workspace, end, ALWAYS)) {
    const decision = opener.open(record);
    if (decision !== undefined) yield decision;
  }
}
