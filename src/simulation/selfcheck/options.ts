/** What a self-check is asked for. */
import { requireOneOf, requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { settingOf } from '../../counterfactual/index.ts';
import { COMPARED_RUNGS, type ComparedRung, type PolicyUnderEvaluation } from '../../platform/index.ts';

export interface SelfCheckOptions {
  readonly policies: readonly PolicyUnderEvaluation[];
  /** The policy that draws the logs. @default what serves by default */
  readonly logging: PolicyUnderEvaluation;
  /** Logs, each with an estimate and an interval. @default 300 */
  readonly seeds: number;
  /** Decisions of a log, about: whole listeners are drawn. @default 20000 */
  readonly decisions: number;
  /** Distinct contexts that logs are drawn from, at least one a listener. @default as many as decisions */
  readonly contexts: number;
  /** As `ope compare` names them; the first is the default one of the report. @default ['dr', 'sndr', 'ipw', 'snipw'] */
  readonly estimators: readonly string[];
  /** @default ['above'] */
  readonly rungs: readonly ComparedRung[];
  /** Coverage asked of the intervals. @default 0.95 */
  readonly level: number;
  /** Of the bootstrap by listener. @default 1000 */
  readonly resamples: number;
  /** Of the logs, their rewards and the world. @default 1 */
  readonly seed: number;
  /** Size of the world: the demo's own is larger, and takes longer to fill. @default 5000 */
  readonly items: number;
  /** @default 2000 */
  readonly listeners: number;
  /** Days of history before the contexts. @default 20 */
  readonly days: number;
  /** Pages drawn a context and policy for the truth. @default 8 */
  readonly truthDraws: number;
  /** Visits of the loop that each policy is closed in; 0: none. @default 2000 */
  readonly loopVisits: number;
  /** @default the machine's cores */
  readonly threads: number;
}

/** What serves by default. */
export const SERVES: PolicyUnderEvaluation = { name: 'logging', policy: 'plackett-luce' };

/** Completes and checks; throws `OPTION_INVALID` with the field and its range. */
export function resolveSelfCheck(given: Partial<SelfCheckOptions>, cores: number): SelfCheckOptions {
  const options = resolveOptions<SelfCheckOptions>('selfcheck', given, {
    policies: [],
    logging: SERVES,
    seeds: 300,
    decisions: 20_000,
    contexts: given.decisions ?? 20_000,
    estimators: ['dr', 'sndr', 'ipw', 'snipw'],
    rungs: ['above'],
    level: 0.95,
    resamples: 1000,
    seed: 1,
    items: 5000,
    listeners: 2000,
    days: 20,
    truthDraws: 8,
    loopVisits: 2000,
    threads: cores,
  });
  requireWhole('selfcheck', 'seeds', options.seeds, 1, 100_000);
  requireWhole('selfcheck', 'decisions', options.decisions, 100, 10_000_000);
  requireWhole('selfcheck', 'contexts', options.contexts, 50, 1_000_000);
  requireRange('selfcheck', 'level', options.level, 0.5, 0.9999);
  requireWhole('selfcheck', 'resamples', options.resamples, 100, 100_000);
  requireWhole('selfcheck', 'seed', options.seed, 0, 2 ** 32 - 1);
  requireWhole('selfcheck', 'items', options.items, 500, 1_000_000);
  requireWhole('selfcheck', 'listeners', options.listeners, 20, 1_000_000);
  requireWhole('selfcheck', 'days', options.days, 2, 730);
  requireWhole('selfcheck', 'truthDraws', options.truthDraws, 2, 10_000);
  requireWhole('selfcheck', 'loopVisits', options.loopVisits, 0, 1_000_000);
  requireWhole('selfcheck', 'threads', options.threads, 1, 64);
  for (const rung of options.rungs) requireOneOf('selfcheck', 'rungs', rung, COMPARED_RUNGS);
  for (const name of options.estimators) {
    if (settingOf(name).estimator.normalises !== 'position') continue;
    throw new ShelfwiseError('OPTION_INVALID', `selfcheck: ${name} is for plain slates; give snipw or sndr`);
  }
  if (options.estimators.length * options.rungs.length === 0) {
    throw new ShelfwiseError('OPTION_INVALID', 'selfcheck: give one estimator and one rung at least');
  }
  return options;
}
