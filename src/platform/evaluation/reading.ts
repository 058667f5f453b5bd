/** How an evaluation reads past decisions: which, with what they earned, and the reward model that is fitted to them. */
import { requireOneOf, requireRange, requireWhole, ShelfwiseError } from '../../base/index.ts';
import { type DecisionVersions, readCatalog } from '../../domain/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { countDecided } from '../decisions.ts';
import { flaggedKeys } from '../traffic.ts';
import { eventsOf, pastDecisions } from '../training/examples.ts';
import { parseSpan, type Span } from '../training/span.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import type { ChunkTotals } from './chunks.ts';
import { REWARD_MODELS, type ReadingOptions, type RewardModelReport } from './comparison.ts';
import type { OutcomeSource } from './outcomes.ts';
import { type FittedValues, fitRewardValues } from './reward-values.ts';

/** What is durable when an evaluation begins. */
export interface ReadingJob {
  readonly options: ReadingOptions;
  readonly nowMs: number;
  readonly eventsEnd: LogPosition;
  readonly decisionsEnd: LogPosition;
  readonly catalogHash: DecisionVersions['catalog'];
}

export interface Reading {
  readonly source: OutcomeSource;
  readonly span: Span;
  readonly nowMs: number;
  readonly share: number;
}

export const READING_DEFAULTS: ReadingOptions = {
  span: '30d',
  share: 1,
  rewardModel: 'cross-fitted',
  family: 'logistic',
  folds: 2,
  seed: 1,
};

/** Throws `OPTION_INVALID` with the owner, the field and its range. */
export function requireReading(owner: string, options: ReadingOptions): void {
  parseSpan(options.span, Number.MAX_SAFE_INTEGER, `${owner}: span`);
  requireOneOf(owner, 'rewardModel', options.rewardModel, REWARD_MODELS);
  requireRange(owner, 'share', options.share, 1e-6, 1);
  requireWhole(owner, 'folds', options.folds, 2, 20);
  requireWhole(owner, 'seed', options.seed, 0, 2 ** 32 - 1);
}

export function readingOf(workspace: Workspace, job: ReadingJob): Reading {
  const { options, nowMs } = job;
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  return {
    source: {
      decisions: (of) => pastDecisions(workspace, job.decisionsEnd, of),
      events: () => eventsOf(workspace, job.eventsEnd),
      catalog: readCatalog(workspace.epochs.get(job.catalogHash)),
      itemName: (item) => items.name(item),
      isFlagged: (key) => flagged.has(key),
    },
    span: parseSpan(options.span, nowMs, 'span'),
    nowMs,
    share: options.share,
  };
}

/** Undefined where none is asked for, or there is too little to fit. */
export async function fittedFor(
  workspace: Workspace,
  { rewardModel, family, folds, seed }: ReadingOptions,
  read: Reading,
  onProgress: OnProgress,
): Promise<FittedValues | undefined> {
  if (rewardModel === 'none') return undefined;
  const decisions = decisionsOf(workspace, read);
  return fitRewardValues(workspace, { ...read, kind: rewardModel, family, folds, seed, decisions }, onProgress);
}

/** How many decisions are read, about. */
export function decisionsOf({ store }: Workspace, { span, nowMs, share }: Reading): number {
  return share * countDecided(store, span.fromMs, Math.min(nowMs, span.toMs));
}

export function rewardModelReport(
  { rewardModel, family }: ReadingOptions,
  fitted: FittedValues | undefined,
): RewardModelReport | null {
  if (fitted === undefined) return null;
  return { kind: rewardModel, family: rewardModel === 'logged' ? 'logged' : family, rows: fitted.rows };
}

/** The error where no decision is left to evaluate on. */
export function noDecisions({ left, lacked }: ChunkTotals, span: string): ShelfwiseError {
  if (left.unmet > 0 && lacked !== undefined) return new ShelfwiseError('POLICY_EVIDENCE', lacked);
  const why = Object.entries(left)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
  return new ShelfwiseError('OPE_NO_DECISIONS', `of the span ${span}${why === '' ? '' : ` (${why})`}`);
}
