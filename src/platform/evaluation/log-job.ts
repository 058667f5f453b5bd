/**
 * A span of the platform's decisions as an evaluation log (`exchange/ope/evaluation-log.ts`): the decisions that a comparison would take,
 * walked by the same policies with the same reward model, written down step by step. Memory is a batch of lines.
 */
import { resolveOptions } from '../../base/index.ts';
import type { MissingMass, WeighedPage } from '../../counterfactual/index.ts';
import {
  EVALUATION_LOG_VERSION,
  type EvaluationLogDecision,
  type EvaluationLogEnd,
  type EvaluationLogHeader,
  type LoggedAlternative,
  type LoggedRow,
} from '../../exchange/index.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { gridOf, ListenerNumbers, newTotals, openedOutcomes } from './chunks.ts';
import type { EvaluationLogOptions, EvaluationLogReport } from './comparison.ts';
import {
  fittedFor,
  noDecisions,
  READING_DEFAULTS,
  type ReadingJob,
  readingOf,
  requireReading,
  rewardModelReport,
} from './reading.ts';
import type { TargetSpec } from './targets.ts';
import { DecisionWeigher, type OpenedDecision, placeOf } from './weighing.ts';

export interface EvaluationLogJob extends ReadingJob {
  readonly options: EvaluationLogOptions;
  /** Without what served, whose probabilities the log has anyway. */
  readonly targets: readonly TargetSpec[];
}

/** Completes and checks all but the policies; throws `OPTION_INVALID` with the field and its range. */
export function resolveEvaluationLog(given: Partial<EvaluationLogOptions>): EvaluationLogOptions {
  const options = resolveOptions<EvaluationLogOptions>('evaluation log', given, { ...READING_DEFAULTS, policies: [] });
  requireReading('evaluation log', options);
  return options;
}

/** Lines that are handed over at once. */
const LINES_AT_ONCE = 64;

/** @param onLines takes lines in their order; the next are made when it has taken them */
export async function evaluationLogJob(
  workspace: Workspace,
  job: EvaluationLogJob,
  onLines: (lines: readonly string[]) => Promise<void>,
  onProgress: OnProgress,
): Promise<EvaluationLogReport> {
  const { options, targets } = job;
  const read = readingOf(workspace, job);
  const fitted = targets.length === 0 ? undefined : await fittedFor(workspace, options, read, onProgress);
  const totals = newTotals(targets.length);
  const weigher = new DecisionWeigher(workspace, targets, totals.left, fitted?.values);
  const listeners = new ListenerNumbers();
  const hasModel = fitted !== undefined;
  const lines: string[] = [JSON.stringify(headerOf(job, rewardModelReport(options, fitted)))];
  const onRead = (share: number): void => onProgress('write', Math.min(1, Math.max(0, share)));
  let decisions = 0;
  for await (const { opened, earned } of openedOutcomes(workspace, read, totals.left, onRead)) {
    const policies: LoggedAlternative[] = [];
    let predicted: readonly (readonly number[])[] = [];
    const isWeighed = weigher.weigh(opened, (_, page, missing) => {
      if (hasModel) predicted = byRow(opened, page.predicted, true);
      policies.push(alternativeOf(opened, page, missing, hasModel));
    });
    if (!isWeighed) continue;
    decisions++;
    const { shelves, cards } = gridOf(opened);
    const line: EvaluationLogDecision = {
      listener: listeners.of(opened.record.listenerKey),
      places: [shelves, cards],
      rows: rowsOf(opened, earned, predicted),
      policies,
    };
    lines.push(JSON.stringify(line));
    if (lines.length >= LINES_AT_ONCE) await onLines(lines.splice(0));
  }
  totals.lacked = weigher.lacked;
  if (decisions === 0) throw noDecisions(totals, options.span);
  const report: EvaluationLogReport = { decisions, listeners: listeners.count, leftOut: totals.left };
  const end: EvaluationLogEnd = { end: true, ...report };
  await onLines([...lines, JSON.stringify(end)]);
  onProgress('write', 1);
  return report;
}

function headerOf(
  { options, targets }: EvaluationLogJob,
  rewardModel: EvaluationLogHeader['rewardModel'],
): EvaluationLogHeader {
  return {
    shelfwise: 'evaluation log',
    version: EVALUATION_LOG_VERSION,
    policies: targets.map(({ name, tunables, modelHash }) => {
      const { policy = '', ...rest } = tunables ?? {};
      return { name, policy, options: rest, model: modelHash };
    }),
    rewardModel,
    span: options.span,
  };
}

function rowsOf(
  { record }: OpenedDecision,
  earned: ReadonlySet<number>,
  predicted: readonly (readonly number[])[],
): readonly LoggedRow[] {
  return record.rows.map((row, r): LoggedRow => {
    const isCarried = isCarriedRow(record, r);
    return {
      shelf: row.forced ? null : row.propensity,
      cards: row.cards.map((card) => (card.forced ? null : card.propensity)),
      earned: isCarried ? [] : row.cards.flatMap((_, j) => (earned.has(placeOf(r, j)) ? [j] : [])),
      ...(isCarried ? { carried: true } : predicted.length > 0 ? { predicted: predicted[r] } : {}),
    };
  });
}

function alternativeOf(
  opened: OpenedDecision,
  page: WeighedPage,
  { mass, steps }: MissingMass,
  hasModel: boolean,
): LoggedAlternative {
  const { prefix, above, row, item } = page.control;
  return {
    shelves: [...page.shelfChances.subarray(0, opened.record.rows.length)],
    cards: byRow(opened, page.cardChances, false),
    missing: steps > 0 ? mass / steps : null,
    ...(hasModel ? { expected: byRow(opened, page.expected, true), control: [prefix, above, row, item] } : {}),
  };
}

/** A column of cards in page order, row by row. @param fresh has it no entries for carried rows? */
function byRow({ record }: OpenedDecision, column: Float64Array, fresh: boolean): readonly (readonly number[])[] {
  let at = 0;
  return record.rows.map(({ cards }, r) => {
    if (fresh && isCarriedRow(record, r)) return [];
    at += cards.length;
    return [...column.subarray(at - cards.length, at)];
  });
}

function isCarriedRow({ rows, shelves }: OpenedDecision['record'], r: number): boolean {
  return shelves[rows[r].shelf].carriedFrom !== '';
}
