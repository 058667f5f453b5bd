/** Rows for estimators of examination: every card of a page that was rendered, where it stood, and whether it earned. */
import { type DecisionRecord, decodeListenerView, readCatalog, SURFACES, surfaceOf } from '../../domain/index.ts';
import { createDecider } from '../../home/index.ts';
import type { Interventions, ListClicks } from '../../models/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { createEpochReader } from '../epochs.ts';
import { isUnreadable } from '../learn.ts';
import { secretOfKey } from '../listeners.ts';
import { openView } from '../sealing.ts';
import { flaggedKeys } from '../traffic.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { createPlaceWalk, type DrawnPlaces, type WalkPlaces } from './drawn-places.ts';
import type { ExaminationOptions } from './examination-report.ts';
import { eventsOf, pastDecisions } from './examples.ts';
import type { LeftOut } from './report.ts';
import { type CardLabels, gatherRewards } from './rewards.ts';
import { parseSpan } from './span.ts';

export interface ExaminationJob {
  readonly options: ExaminationOptions;
  readonly nowMs: number;
  readonly eventsEnd: LogPosition;
  readonly decisionsEnd: LogPosition;
  readonly catalogHash: string;
}

export interface ExaminationRows {
  /** Subjects: an item, for listeners who know it or who do not. Lists: the rows of pages. */
  readonly log: ListClicks;
  /** With the propensities of cards and of shelves, each of the rows that were drawn so; for `harvest` alone. */
  readonly drawn: { readonly cards: Interventions; readonly shelves: Interventions } | undefined;
  readonly pagesBySurface: readonly number[];
  readonly listeners: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly leftOut: LeftOut;
}

/**
 * What was carried is left out: it earned for the page that first drew it. What was forced stood where it stood for a reason,
 * such as how long ago it was played, which is no matter of examination; `cascade` and `dcm` have it nevertheless, since they
 * walk whole rows, and of rows only those of which something was seen.
 */
export async function gatherExamination(
  workspace: Workspace,
  { options, nowMs, eventsEnd, decisionsEnd, catalogHash }: ExaminationJob,
  onProgress: OnProgress,
): Promise<ExaminationRows> {
  const span = parseSpan(options.examples, nowMs, 'examination: examples');
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  const rewards = await gatherRewards(
    {
      decisions: pastDecisions(workspace, decisionsEnd, span),
      events: eventsOf(workspace, eventsEnd),
      catalog: readCatalog(workspace.epochs.get(catalogHash)),
      itemName: (item) => items.name(item),
      isFlagged: (key) => flagged.has(key),
    },
    span,
    { nowMs, matured: false, maxRows: options.maxRows },
    (share) => onProgress('rewards', share),
  );
  const rows = new Rows(workspace, options);
  let done = 0;
  for await (const record of pastDecisions(workspace, decisionsEnd, span)) {
    const labels = rewards.labels.get(record.decisionId);
    if (labels === undefined) continue;
    rows.add(record, labels);
    if (++done % 64 === 0) onProgress('places', done / rewards.labels.size);
  }
  return rows.finish(rewards);
}

class Rows {
  private readonly workspace: Workspace;
  private readonly walksRows: boolean;
  private readonly walk: WalkPlaces | undefined;
  private readonly epochs: ReturnType<typeof createEpochReader>;
  private readonly subjects = new Map<number, number>();
  private readonly columns = {
    surfaces: [] as number[],
    shelfRanks: [] as number[],
    cardRanks: [] as number[],
    clicks: [] as number[],
    subjects: [] as number[],
    lists: [] as number[],
    ofCards: [] as number[],
    ofShelves: [] as number[],
  };
  private readonly pages = SURFACES.map(() => 0);
  private readonly listeners = new Set<string>();
  private readonly left = { degraded: 0, marked: 0, otherEncoder: 0, unreadable: 0 };
  private lists = 0;
  private fromMs = Number.POSITIVE_INFINITY;
  private toMs = 0;

  constructor(workspace: Workspace, { method }: ExaminationOptions) {
    this.workspace = workspace;
    this.walksRows = method === 'cascade' || method === 'dcm';
    this.walk = method === 'harvest' ? createPlaceWalk(createDecider(workspace.encoder)) : undefined;
    this.epochs = createEpochReader(workspace.epochs, workspace.encoder);
  }

  add(record: DecisionRecord, labels: CardLabels): void {
    const { store, encoder } = this.workspace;
    if (record.degraded) this.left.degraded++;
    else if (record.marks.includes('unprofiled') || record.marks.includes('flagged')) this.left.marked++;
    // Without drawing the page again nothing depends on features.
    else if (this.walk !== undefined && record.versions.encoder !== encoder.hash) this.left.otherEncoder++;
    else {
      const secret = secretOfKey(store, record.listenerKey);
      const sealed = secret === undefined ? undefined : openView(record, secret);
      if (sealed === undefined || !this.addPage(record, sealed, labels)) this.left.unreadable++;
    }
  }

  /** False, and nothing is added, where the page is to be drawn again and cannot. */
  private addPage(record: DecisionRecord, sealed: Uint8Array, labels: CardLabels): boolean {
    const view = decodeListenerView(sealed);
    let drawn: DrawnPlaces | undefined;
    if (this.walk !== undefined) {
      try {
        drawn = this.walk(record, view, this.epochs(record.versions));
      } catch (error) {
        if (!isUnreadable(error)) throw error;
      }
      if (drawn === undefined) return false;
    }
    const known = new Set([...view.items, ...view.liked]);
    const surface = SURFACES.indexOf(surfaceOf(record.device));
    const { columns } = this;
    for (const [shelfRank, row] of record.rows.entries()) {
      const shelf = record.shelves[row.shelf];
      if (shelf.carriedFrom !== '') continue;
      const wasSeen = row.cards.some((_, cardRank) => labels.has(shelfRank * 256 + cardRank));
      if (this.walksRows && !wasSeen) continue;
      const list = this.lists++;
      for (const [cardRank, card] of row.cards.entries()) {
        if (card.forced && !this.walksRows) continue;
        const item = shelf.items[card.index];
        columns.surfaces.push(surface);
        columns.shelfRanks.push(shelfRank);
        columns.cardRanks.push(cardRank);
        columns.clicks.push(labels.get(shelfRank * 256 + cardRank) ?? 0);
        columns.subjects.push(this.subjectOf(2 * item + Number(known.has(item))));
        columns.lists.push(list);
        if (drawn === undefined) continue;
        columns.ofCards.push(drawn.cards[shelfRank][cardRank]);
        columns.ofShelves.push(drawn.shelves[shelfRank][cardRank]);
      }
    }
    this.pages[surface]++;
    this.listeners.add(record.listenerKey);
    this.fromMs = Math.min(this.fromMs, record.atMs);
    this.toMs = Math.max(this.toMs, record.atMs);
    return true;
  }

  private subjectOf(key: number): number {
    let number = this.subjects.get(key);
    if (number === undefined) {
      number = this.subjects.size;
      this.subjects.set(key, number);
    }
    return number;
  }

  finish(rewards: { readonly unseen: number; readonly sampled: number }): ExaminationRows {
    const { columns } = this;
    const rows = columns.clicks.length;
    const log: ListClicks = {
      rows,
      surfaces: Uint8Array.from(columns.surfaces),
      shelfRanks: Uint8Array.from(columns.shelfRanks),
      cardRanks: Uint8Array.from(columns.cardRanks),
      clicks: Float32Array.from(columns.clicks),
      weights: new Float32Array(rows).fill(1),
      subjects: Uint32Array.from(columns.subjects),
      lists: Uint32Array.from(columns.lists),
    };
    return {
      log,
      drawn:
        this.walk === undefined
          ? undefined
          : { cards: drawnAlone(log, columns.ofCards), shelves: drawnAlone(log, columns.ofShelves) },
      pagesBySurface: this.pages,
      listeners: this.listeners.size,
      fromMs: Number.isFinite(this.fromMs) ? this.fromMs : 0,
      toMs: this.toMs,
      leftOut: { ...this.left, unseen: rewards.unseen, sampled: rewards.sampled },
    };
  }
}

/** What was no draw has weight 0, and stays out. */
function drawnAlone(log: ListClicks, probabilities: readonly number[]): Interventions {
  return {
    ...log,
    weights: Float32Array.from(probabilities, (p) => (p > 0 ? 1 : 0)),
    propensities: Float64Array.from(probabilities, (p) => (p > 0 ? Math.min(1, p) : 1)),
  };
}
