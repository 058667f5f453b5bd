/** Logs as they come from files: one or more weightings of the same rows, and what their estimates are called. */
import { ShelfwiseError } from '../base/index.ts';
import type { Nuisance } from './estimator.ts';
import { ALL_ESTIMATES, estimatorOf, isAvailable, settingOf, TUNED } from './estimators/index.ts';
import { type Estimate, type EvaluateOptions, type Evaluation, evaluate, type TunedEstimate } from './evaluate.ts';
import type { DecisionSource } from './rows.ts';

/** One weighting of a log. */
export interface Study {
  /** A word for it where there are several: `joint`, `cascade`. */
  readonly name: string;
  readonly source: DecisionSource;
  /** Name in the report → name of the setting (`sips` → `ipw`). Names of settings always stand for themselves too in a log's first study. */
  readonly names: Readonly<Record<string, string>>;
  /** What `all` stands for; names of this report. */
  readonly all: readonly string[];
  /** Ids of estimators that are tuned. */
  readonly tune: readonly string[];
}

export interface StudyReport {
  /** By study, in order. */
  readonly evaluations: ReadonlyMap<string, Evaluation>;
  readonly estimates: Readonly<Record<string, Estimate>>;
  readonly tuning: Readonly<Record<string, TunedEstimate>>;
  readonly lowerBounds: Readonly<Record<string, number>>;
}

/** The study of a log with one weight a row. @param models whose columns its rows have */
export function plainStudy(
  source: DecisionSource,
  models: readonly Nuisance[],
  names: Readonly<Record<string, string>> = {},
): Study {
  const renamed = new Map(Object.entries(names).map(([shown, setting]) => [setting, shown]));
  const all = ALL_ESTIMATES.filter((name) => isAvailable(settingOf(name).estimator, models));
  const tune = TUNED.filter((id) => isAvailable(estimatorOf(id), models));
  return { name: 'rows', source, names, all: all.map((name) => renamed.get(name) ?? name), tune };
}

/**
 * Evaluates every study that holds one of the estimates asked for (`options.estimators`; `all` by default), each in a pass of its own. With several
 * studies, tuning and bounds are of the first, and observers see that one alone. Throws as `evaluate`, and `OPTION_INVALID` for a name that no study has.
 */
export async function evaluateStudies(
  studies: readonly Study[],
  options: Partial<EvaluateOptions> = {},
): Promise<StudyReport> {
  const asked = options.estimators ?? ['all'];
  const known = new Set(studies.flatMap(({ names, all }) => [...Object.keys(names), ...all]));
  const everything = asked.includes('all');
  for (const name of asked) {
    if (name === 'all' || known.has(name)) continue;
    if (studies.length > 1) {
      throw new ShelfwiseError('OPTION_INVALID', `this log has no estimate ${name}; it has ${[...known].join(', ')}`);
    }
    settingOf(name);
  }
  const evaluations = new Map<string, Evaluation>();
  const estimates: Record<string, Estimate> = {};
  let tuning: Readonly<Record<string, TunedEstimate>> = {};
  let lowerBounds: Readonly<Record<string, number>> = {};
  for (const [index, { name, source, names, all, tune }] of studies.entries()) {
    const own = asked.filter((one) => one !== 'all' && (studies.length === 1 || one in names || all.includes(one)));
    const shown = [...new Set([...(everything ? all : []), ...own])];
    if (shown.length === 0) continue;
    const evaluation = await evaluate(source, {
      ...options,
      estimators: shown.map((one) => names[one] ?? one),
      tune: options.tune ?? tune,
      observers: evaluations.size === 0 ? (options.observers ?? []) : [],
    });
    evaluations.set(name, evaluation);
    for (const one of shown) estimates[one] = evaluation.estimates[names[one] ?? one];
    if (index === 0) ({ tuning, lowerBounds } = evaluation);
  }
  return { evaluations, estimates, tuning, lowerBounds };
}
