/**
 * Does counterfactual evaluation tell the truth? In a world whose truth is known: many logs are drawn by one policy, each is evaluated as
 * `ope compare` evaluates the platform's decisions, and it is counted how often the intervals hold what the judge knows.
 *
 * **What the intervals are of.** An interval by listener is for the population that the log's listeners are drawn from. So the contexts
 * of the world (some 20,000 visits of its listeners) are that population, each log is of listeners drawn from them with replacement, and
 * truthOneStep is the mean over all of these contexts.
 *
 * **What is the product's own.** The data directory, the fit, the Homes, their records, the problems made of the records, the policies,
 * the sampler, the ladder of weights, the comparison and the verdict. The world's truth enters in two places: it draws the rewards of a
 * log, and it says what was to be found.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Crew, ShelfwiseError, startCrew } from '../../base/index.ts';
import { MissingMassMeter } from '../../counterfactual/index.ts';
import { DEFAULT_TUNABLES, type HomeTunables, policyUnder, resolveTunables } from '../../home/index.ts';
import { openFrozenDecisions, type TargetSpec, targetsOf } from '../../platform/index.ts';
import { type CheckedWorld, decideVisits, fillWorld, type OnProgress } from './data.ts';
import { closedLoop } from './loop.ts';
import { resolveSelfCheck, type SelfCheckOptions } from './options.ts';
import { buildPool, LOGGING, type PoolColumns, requirePoolable } from './pool.ts';
import type { Replicate, ReplicateSettings, Way } from './replicate.ts';
import { type ClosedLoop, MEANING, meanOf, type SelfCheckReport, wayReport } from './report.ts';
import { addPageSums, fitPlaces, newPageSums, type PlaceModel } from './reward-model.ts';
import type { Reply, Task } from './thread.ts';
import type { TruthPart } from './truth.ts';

export type { SelfCheckOptions } from './options.ts';
export type { ClosedLoop, PolicyReport, SelfCheckReport, WayReport } from './report.ts';

export interface SelfCheckRun {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** When the world ends, in ms. */
  readonly endMs: number;
  readonly monotonicMs: () => number;
  /** Told after every log how many are evaluated; `report` makes one of these. @default nobody is */
  readonly onLog?: (count: number, report: () => SelfCheckReport) => void;
}

type Threads = Crew<Task, Reply>;

/** Contexts that a thread takes at once. */
const TRUTH_BATCH = 64;

/**
 * Throws `OPTION_INVALID`, `POLICY_EVIDENCE`; the signal's reason when that is aborted. Leaves nothing behind on the disk.
 */
export async function selfCheck(given: Partial<SelfCheckOptions>, run: SelfCheckRun): Promise<SelfCheckReport> {
  const options = resolveSelfCheck(given, availableParallelism());
  const targets = targetsFor(options);
  const seconds: Record<string, number> = {};
  const timed = async <T>(stage: string, work: Promise<T>): Promise<T> => {
    const startMs = run.monotonicMs();
    const result = await work;
    seconds[stage] = (run.monotonicMs() - startMs) / 1000;
    return result;
  };
  const dir = mkdtempSync(join(tmpdir(), `shelfwise-selfcheck-${process.pid}-`));
  let threads: Threads | undefined;
  try {
    const base = join(dir, 'world');
    const checked = await timed('world', fillWorld(base, options, run.endMs, run.onProgress, run.signal));
    const pool = await timed('contexts', poolOf(dir, base, checked, targets, run));
    const loops = await timed('closedLoop', loopsOf(dir, base, checked, targets, options, run));
    threads = startCrew('thread', import.meta.url, {
      name: 'self-check',
      count: Math.min(options.threads, options.seeds),
      equipment: pool,
    });
    const truth = await timed('truth', truthFor(threads, pool, options, run));
    const reportFor = (replicates: readonly Replicate[]): SelfCheckReport =>
      reportOf({ options, targets, pool, truth, loops, replicates, seconds });
    return reportFor(await timed('logs', replicatesFor(threads, truth, options, run, reportFor)));
  } finally {
    await threads?.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The logging policy, then those that are asked for. */
function targetsFor({ logging, policies }: SelfCheckOptions): readonly TargetSpec[] {
  const serving = resolveTunables(DEFAULT_TUNABLES);
  const [first] = targetsOf([logging], serving, '');
  const { tunables } = first;
  if (tunables === undefined) {
    throw new ShelfwiseError('OPTION_INVALID', 'selfcheck: name the policy that logs; "served" is whichever that is');
  }
  const asked = targetsOf(policies, { ...serving, ...tunables }, '');
  for (const { name, tunables: own } of asked) {
    if (own !== undefined) continue;
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `selfcheck: ${name} is the logging policy itself; compare others with it`,
    );
  }
  const targets = [first, ...asked];
  for (const target of targets) requirePoolable(target);
  return targets;
}

async function poolOf(
  dir: string,
  base: string,
  checked: CheckedWorld,
  targets: readonly TargetSpec[],
  { onProgress, signal }: SelfCheckRun,
): Promise<PoolColumns> {
  const visited = join(dir, 'visits');
  cpSync(base, visited, { recursive: true });
  await decideVisits(visited, checked, targets[LOGGING].tunables ?? {}, onProgress, signal);
  const frozen = openFrozenDecisions(visited);
  try {
    return await buildPool(frozen, checked.world, checked.visits, targets, onProgress, signal);
  } finally {
    await frozen.close();
    rmSync(visited, { recursive: true, force: true });
  }
}

async function loopsOf(
  dir: string,
  base: string,
  checked: CheckedWorld,
  targets: readonly TargetSpec[],
  { loopVisits, seed }: SelfCheckOptions,
  { onProgress, signal }: SelfCheckRun,
): Promise<readonly (ClosedLoop | null)[]> {
  if (loopVisits === 0) return targets.map(() => null);
  const loops: ClosedLoop[] = [];
  for (const [t, { tunables }] of targets.entries()) {
    const own = join(dir, `loop-${t}`);
    cpSync(base, own, { recursive: true });
    const onLoop: OnProgress = (stage, share) => onProgress(stage, (t + share) / targets.length);
    const found = await closedLoop(own, checked, tunables ?? {}, { visits: loopVisits, seed }, onLoop, signal);
    loops.push({ ...found, liftVsLogging: found.value / (loops[LOGGING] ?? found).value - 1 });
    rmSync(own, { recursive: true, force: true });
  }
  return loops;
}

interface Truth {
  /** [policy][context] */
  readonly values: readonly Float64Array[];
  readonly errors: readonly number[];
  readonly parts: readonly TruthPart[];
  readonly places: PlaceModel;
  readonly missing: ReplicateSettings['missing'];
}

async function truthFor(
  threads: Threads,
  { contexts, tunables }: PoolColumns,
  { truthDraws, seed }: SelfCheckOptions,
  { onProgress, signal }: SelfCheckRun,
): Promise<Truth> {
  const tasks: Task[] = [];
  for (let from = 0; from < contexts; from += TRUTH_BATCH) {
    tasks.push({ kind: 'truth', from, to: Math.min(contexts, from + TRUTH_BATCH), draws: truthDraws, seed });
  }
  const parts: TruthPart[] = [];
  await threads.run(tasks, {
    onReply: (reply) => {
      if (reply.kind !== 'truth') return;
      parts.push(reply.part);
      onProgress('truth', parts.length / tasks.length);
    },
    signal,
  });
  parts.sort((a, b) => a.from - b.from);
  const sums = newPageSums();
  for (const { pages } of parts) addPageSums(sums, pages);
  const values = tunables.map((_, p) => {
    const all = new Float64Array(contexts);
    for (const { from, policies } of parts) all.set(policies[p].values, from);
    return all;
  });
  const sum = (p: number, of: keyof Omit<TruthPart['policies'][number], 'values' | 'missing'>): number =>
    parts.reduce((total, { policies }) => total + policies[p][of], 0);
  return {
    values,
    errors: tunables.map((_, p) => Math.sqrt(sum(p, 'variance')) / contexts),
    parts,
    places: fitPlaces(sums),
    missing: tunables.slice(1).map((_, p) => {
      const meter = new MissingMassMeter();
      for (const { policies } of parts) for (const mass of policies[p + 1].missing) meter.add(mass);
      return meter.summary();
    }),
  };
}

function waysOf({ estimators, rungs }: SelfCheckOptions): readonly Way[] {
  return rungs.flatMap((rung) => estimators.map((estimator) => ({ estimator, rung })));
}

async function replicatesFor(
  threads: Threads,
  { places, missing }: Truth,
  options: SelfCheckOptions,
  { onProgress, onLog, signal }: SelfCheckRun,
  reportFor: (replicates: readonly Replicate[]) => SelfCheckReport,
): Promise<readonly Replicate[]> {
  const { decisions, level, resamples, seed, seeds } = options;
  const settings = { ways: waysOf(options), decisions, level, resamples, seed, places, missing };
  await threads.tell({ kind: 'settings', settings }, signal);
  const replicates: Replicate[] = [];
  await threads.run(
    Array.from({ length: seeds }, (_, number): Task => ({ kind: 'replicate', number })),
    {
      onReply: (reply) => {
        if (reply.kind !== 'replicate') return;
        replicates.push(reply.replicate);
        onProgress('logs', replicates.length / seeds);
        onLog?.(replicates.length, () => reportFor(replicates));
      },
      signal,
    },
  );
  return replicates.sort((a, b) => a.number - b.number);
}

function reportOf({
  options,
  targets,
  pool,
  truth,
  loops,
  replicates,
  seconds,
}: {
  readonly options: SelfCheckOptions;
  readonly targets: readonly TargetSpec[];
  readonly pool: PoolColumns;
  readonly truth: Truth;
  readonly loops: readonly (ClosedLoop | null)[];
  readonly replicates: readonly Replicate[];
  readonly seconds: Readonly<Record<string, number>>;
}): SelfCheckReport {
  const ways = waysOf(options);
  const optionsOf = (its: HomeTunables): Readonly<Record<string, unknown>> => policyUnder(its.policy, its).options;
  const total = (p: number, of: 'seen' | 'differing' | 'elsewhere'): number =>
    truth.parts.reduce((sum, { policies }) => sum + policies[p][of], 0);
  return {
    world: 'demo',
    items: options.items,
    listeners: pool.listeners,
    contexts: pool.contexts,
    candidates: pool.items.length / pool.contexts,
    seeds: replicates.length,
    decisions: replicates.reduce((sum, { decisions }) => sum + decisions, 0) / replicates.length,
    level: options.level,
    estimator: ways[0].estimator,
    rung: ways[0].rung,
    logging: {
      policy: pool.tunables[LOGGING].policy,
      options: optionsOf(pool.tunables[LOGGING]),
      truthOneStep: meanOf(truth.values[LOGGING]),
      truthError: truth.errors[LOGGING],
      closedLoop: loops[LOGGING],
    },
    policies: targets.slice(1).map(({ name }, index) => {
      const p = index + 1;
      return {
        name,
        policy: pool.tunables[p].policy,
        options: optionsOf(pool.tunables[p]),
        truthOneStep: meanOf(truth.values[p]),
        truthError: truth.errors[p],
        differingSeen: total(p, 'differing') / total(p, 'seen'),
        elsewhereSeen: total(p, 'elsewhere') / total(p, 'seen'),
        missing: truth.missing[index]?.mean ?? 0,
        closedLoop: loops[p],
        ways: ways.map((way, w) =>
          wayReport(way, replicates, ({ outcomes }) => outcomes[index][w], truth.values[p], truth.values[LOGGING], {
            truthError: truth.errors[p],
          }),
        ),
      };
    }),
    meaning: MEANING,
    seconds,
  };
}
