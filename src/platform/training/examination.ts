/** One estimate of examination, start to end: rows, curves, what there is too little of. Writes nothing. */
import { requireOneOf, requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { SURFACES, type Surface } from '../../domain/index.ts';
import {
  type Clicks,
  type ExaminationEstimate,
  fitClickRates,
  fitDependentClicks,
  fitPositionBased,
  harvestExamination,
  overlapOfSubjects,
} from '../../models/index.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import {
  EXAMINATION_METHODS,
  type ExaminationCurve,
  type ExaminationMethod,
  type ExaminationOptions,
  type ExaminationRank,
  type ExaminationReport,
  type SurfaceExamination,
} from './examination-report.ts';
import { type ExaminationJob, type ExaminationRows, gatherExamination } from './examination-rows.ts';
import { parseSpan } from './span.ts';

const DEFAULTS: ExaminationOptions = { method: 'position-based', examples: '90d', maxRows: 1_000_000 };

/** Completes and checks; throws `OPTION_INVALID` with the field and its range. */
export function resolveExamination(given: Partial<ExaminationOptions>): ExaminationOptions {
  const options = resolveOptions<ExaminationOptions>('examination', given, DEFAULTS);
  requireOneOf('examination', 'method', options.method, EXAMINATION_METHODS);
  parseSpan(options.examples, Number.MAX_SAFE_INTEGER, 'examination: examples');
  requireRange('examination', 'maxRows', options.maxRows, 100, 1e8);
  return options;
}

/** Choices at a rank, for its θ to be known to about a tenth. */
const LEAST_CLICKS = 100;
const LEAST_OVERLAP = 0.1;
/** Views that a subject has at least, and the share of all views that may be of thinner ones. */
const FEW_VIEWS = 10;
const MOST_THIN = 0.5;
/** What a surface's tunable takes: ranks, digits, and the least θ. */
const MOST_RANKS = 20;
const DIGITS = 1000;

export async function examinationJob(
  workspace: Workspace,
  job: ExaminationJob,
  onProgress: OnProgress,
  secondsNow: () => number,
): Promise<ExaminationReport> {
  const startS = secondsNow();
  const { method, examples } = job.options;
  const rows = await gatherExamination(workspace, job, onProgress);
  requireRows(rows, examples);
  onProgress('estimate', 0);
  const naive = fitClickRates(rows.log);
  const { cards, shelves } = estimate(method, rows);
  const surfaces = SURFACES.flatMap((surface, number): readonly SurfaceExamination[] => {
    const pages = rows.pagesBySurface[number];
    if (pages === 0) return [];
    const overlap = overlapOfSubjects(rows.log, number, FEW_VIEWS);
    const thin = method === 'harvest' ? 0 : overlap.thin;
    const curve = (axis: 'card' | 'shelf', of: ExaminationEstimate): ExaminationCurve =>
      curveOf(
        rows.log,
        number,
        axis,
        naive.surfaces[surface]?.[axis],
        of.surfaces[surface]?.[axis],
        overlap[axis],
        thin,
      );
    return [
      { surface, pages, card: curve('card', cards), shelf: shelves === undefined ? null : curve('shelf', shelves) },
    ];
  });
  onProgress('estimate', 1);
  const trusted = surfaces.filter(({ card }) => card.trusted);
  return {
    method,
    examples,
    fromMs: rows.fromMs,
    toMs: rows.toMs,
    pages: rows.pagesBySurface.reduce((sum, pages) => sum + pages, 0),
    listeners: rows.listeners,
    leftOut: rows.leftOut,
    surfaces,
    trusted: trusted.length > 0,
    configuration: Object.fromEntries(
      trusted.map(({ surface, card }): [Surface, { examination: readonly number[] }] => [
        surface,
        { examination: tunableOf(card) },
      ]),
    ),
    seconds: secondsNow() - startS,
  };
}

function requireRows({ log, pagesBySurface, leftOut }: ExaminationRows, examples: string): void {
  const pages = pagesBySurface.reduce((sum, count) => sum + count, 0);
  const clicks = log.clicks.reduce((sum, click) => sum + click, 0);
  if (clicks > 0) return;
  const out = Object.entries(leftOut).filter(([, count]) => count > 0);
  const told = out.length === 0 ? '' : `; left out: ${out.map(([why, count]) => `${count} ${why}`).join(', ')}`;
  throw new ShelfwiseError(
    'EXAMPLES_INVALID',
    `${pages} pages of ${examples} with a card that was seen, and none of their drawn cards earned${told}; ` +
      'serve Homes with `rendered`, impressions and plays that refer to them, or widen --examples',
  );
}

/** Curves of cards, and of shelves where the method has them. */
function estimate(
  method: ExaminationMethod,
  { log, drawn }: ExaminationRows,
): { readonly cards: ExaminationEstimate; readonly shelves: ExaminationEstimate | undefined } {
  if (method === 'harvest') {
    if (drawn === undefined) throw new ShelfwiseError('BUG', 'harvesting without propensities');
    return { cards: harvestExamination(drawn.cards), shelves: harvestExamination(drawn.shelves) };
  }
  if (method === 'position-based') {
    const both = fitPositionBased(log);
    return { cards: both, shelves: both };
  }
  const model = method === 'cascade' ? 'cascade' : 'dependent';
  return { cards: fitDependentClicks(log, { model }), shelves: undefined };
}

function curveOf(
  log: Clicks,
  surface: number,
  axis: 'card' | 'shelf',
  naive: Float64Array | undefined,
  estimated: Float64Array | undefined,
  overlap: number,
  thin: number,
): ExaminationCurve {
  const placed = axis === 'card' ? log.cardRanks : log.shelfRanks;
  const counts: { views: number; clicks: number }[] = [];
  for (let r = 0; r < log.rows; r++) {
    if (log.surfaces[r] !== surface) continue;
    while (counts.length <= placed[r]) counts.push({ views: 0, clicks: 0 });
    counts[placed[r]].views++;
    counts[placed[r]].clicks += log.clicks[r];
  }
  const figure = (theta: number | undefined): number | null =>
    theta === undefined || !Number.isFinite(theta) ? null : theta;
  const ranks = counts.map(
    (count, rank): ExaminationRank => ({
      rank,
      ...count,
      naive: count.views === 0 ? null : figure(naive?.[rank]),
      examination: count.views === 0 ? null : figure(estimated?.[rank]),
    }),
  );
  const doubts = doubtsOf(axis, ranks, overlap, thin);
  return { ranks, overlap: figure(overlap), trusted: doubts.length === 0, doubts };
}

function doubtsOf(axis: 'card' | 'shelf', ranks: readonly ExaminationRank[], overlap: number, thin: number): string[] {
  const doubts: string[] = [];
  const percent = (part: number): string => `${(100 * part).toFixed(0)}%`;
  const poor = ranks.filter(({ views, clicks }) => views > 0 && clicks < LEAST_CLICKS);
  if (ranks.length < 2) doubts.push(`nothing stood at a second ${axis} rank`);
  if (ranks.length > 0 && ranks[0].examination === null)
    doubts.push(`nothing was chosen at the first ${axis} rank, beside which the others are measured`);
  if (poor.length > 0)
    doubts.push(
      `fewer than ${LEAST_CLICKS} choices at ${axis} rank ${poor.map(({ rank, clicks }) => `${rank} (${clicks})`).join(', ')}; wait for more pages, or widen --examples`,
    );
  if (!(overlap >= LEAST_OVERLAP))
    doubts.push(
      `${percent(Number.isNaN(overlap) ? 0 : overlap)} of the views are of cards that stood at several ${axis} ranks; explore more, so that at least ${percent(LEAST_OVERLAP)} are`,
    );
  if (thin > MOST_THIN)
    doubts.push(
      `${percent(thin)} of the views are of cards seen fewer than ${FEW_VIEWS} times, by which curves lean; wait for more pages, or use --method harvest`,
    );
  return doubts;
}

/** As the tunable takes it: the greatest is 1, none is 0; a rank of which nothing is known is as the one before it. */
function tunableOf({ ranks }: ExaminationCurve): readonly number[] {
  const known = ranks.map(({ examination }) => examination ?? Number.NaN);
  const most = Math.max(...known.filter((theta) => theta > 0));
  let last = 1;
  return known.slice(0, MOST_RANKS).map((theta) => {
    if (!Number.isNaN(theta)) last = Math.max(1, Math.round((DIGITS * theta) / most)) / DIGITS;
    return last;
  });
}
