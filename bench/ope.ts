/**
 * Off-policy evaluation of 1,000,000 logged decisions of 100,000 listeners: every estimator without a reward model, their tuning, and
 * 1,000 resamples by listener. With a python that has Open Bandit Pipeline, that beside it on the same log.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '../src/base/index.ts';
import { type EvaluationRows, evaluate, evaluationRows, sourceOf } from '../src/counterfactual/index.ts';
import { round } from './load.ts';
import type { BenchSettings } from './settings.ts';

const DECISIONS = 1_000_000;
const LISTENERS = 100_000;
const ACTIONS = 10;
const CHUNK = 65_536;
const RESAMPLES = 1000;

interface Log {
  readonly chunks: readonly EvaluationRows[];
  /** A column each, for the peer: decision → what was chosen, earned, and how likely it was. */
  readonly action: Int32Array;
  readonly reward: Float64Array;
  readonly propensity: Float64Array;
  /** decisions x actions: the policy under evaluation. */
  readonly target: Float64Array;
}

export async function benchOpe({ python }: BenchSettings): Promise<Record<string, unknown>> {
  const log = logOf(createRng(1));
  const source = sourceOf(...log.chunks);
  const beforeBytes = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const evaluation = await evaluate(source, { resamples: RESAMPLES });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    decisions: DECISIONS,
    listeners: LISTENERS,
    resamples: RESAMPLES,
    estimates: Object.keys(evaluation.estimates),
    tuned: Object.keys(evaluation.tuning),
    seconds: round(seconds),
    cpuSeconds: round((user + system) / 1e6),
    /** Beside the log itself, which stands in memory here. */
    moreMiB: Math.round((process.memoryUsage.rss() - beforeBytes) / 2 ** 20),
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    ips: evaluation.estimates.ipw,
    ...(python === undefined ? {} : openBanditPipeline(log, python)),
  };
}

/** Ten actions; the logging policy prefers each listener's own, the one under evaluation prefers them more. */
function logOf(rng: ReturnType<typeof createRng>): Log {
  const action = new Int32Array(DECISIONS);
  const reward = new Float64Array(DECISIONS);
  const propensity = new Float64Array(DECISIONS);
  const target = new Float64Array(DECISIONS * ACTIONS);
  const weights = new Float64Array(DECISIONS);
  const listenerOf = new Uint32Array(DECISIONS);
  const logits = new Float64Array(ACTIONS);
  for (let d = 0; d < DECISIONS; d++) {
    const listener = rng.below(LISTENERS);
    listenerOf[d] = listener;
    let logged = 0;
    let judged = 0;
    for (let a = 0; a < ACTIONS; a++) {
      logits[a] = Math.sin(listener * (a + 1));
      logged += Math.exp(logits[a]);
      judged += Math.exp(2 * logits[a]);
    }
    let u = rng.uniform() * logged;
    let chosen = 0;
    while (chosen < ACTIONS - 1 && u >= Math.exp(logits[chosen])) u -= Math.exp(logits[chosen++]);
    for (let a = 0; a < ACTIONS; a++) target[d * ACTIONS + a] = Math.exp(2 * logits[a]) / judged;
    action[d] = chosen;
    propensity[d] = Math.exp(logits[chosen]) / logged;
    reward[d] = rng.uniform() < 0.2 + 0.1 * logits[chosen] ? 1 : 0;
    weights[d] = target[d * ACTIONS + chosen] / propensity[d];
  }
  const chunks: EvaluationRows[] = [];
  for (let from = 0; from < DECISIONS; from += CHUNK) {
    const to = Math.min(DECISIONS, from + CHUNK);
    chunks.push(
      evaluationRows({
        weights: weights.slice(from, to),
        rewards: reward.slice(from, to),
        listenerOf: listenerOf.slice(from, to),
      }),
    );
  }
  return { chunks, action, reward, propensity, target };
}

function openBanditPipeline({ action, reward, propensity, target }: Log, python: string): Record<string, unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'ope-'));
  try {
    for (const [name, column] of Object.entries({ action, reward, propensity, target })) {
      writeFileSync(join(dir, name), column);
    }
    const script = join(import.meta.dirname, 'obp_baseline.py');
    const printed = execFileSync(python, [script, dir, String(ACTIONS), String(RESAMPLES)], { encoding: 'utf8' });
    return JSON.parse(printed.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
