/** Against what the reference implementation of confidence sequences computed (gostevehoward/confseq, executed); not part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kellyBet, PredictableMoments, plugInBet } from './bets.ts';
import { BettingMartingale, HedgedSequence } from './betting.ts';
import { EmpiricalBernsteinLower, EmpiricalBernsteinSequence, HoeffdingSequence } from './predictable-mixture.ts';
import type { Bounds } from './sequence.ts';

const FILE = join(
  process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data'),
  'confseq/golden.json',
);
const hasReal = existsSync(FILE);
if (!hasReal) console.info(`skipped: the tests on reference sequences want ${FILE} (set SHELFWISE_DATA_DIR)`);

interface TwoSided {
  readonly l: readonly number[];
  readonly u: readonly number[];
}
interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly alpha: number;
  readonly predmix_empbern: TwoSided & { readonly truncation: number };
  readonly predmix_hoeffding: TwoSided;
  readonly betting_hedged: TwoSided & { readonly breaks: number; readonly theta: number; readonly trunc_scale: number };
  readonly betting_mart: { readonly m: number; readonly capital: readonly number[] };
  readonly empbern_lower_nonneg_x3: { readonly x: readonly number[]; readonly l: readonly number[] };
  readonly lambda_predmix_eb: readonly number[];
  readonly lambda_aKelly: { readonly m: number; readonly v: readonly number[] };
}

/** Within 1e-9, relative above 1. */
function near(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  const worst = actual.reduce(
    (most, a, i) => Math.max(most, Math.abs(a - wanted[i]) / Math.max(1, Math.abs(wanted[i]))),
    0,
  );
  expect(worst).toBeLessThan(1e-9);
}

function follows(sequence: { add(x: number): Bounds }, x: readonly number[], wanted: TwoSided): void {
  const bounds = x.map((value) => sequence.add(value));
  near(
    bounds.map(({ lower }) => lower),
    wanted.l,
  );
  near(
    bounds.map(({ upper }) => upper),
    wanted.u,
  );
}

const cases: Case[] = hasReal ? (JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Case[] }).cases : [];

describe.skipIf(!hasReal)('reference confidence sequences', () => {
  it('has all its parts checked here', () => {
    const checked = ['name', 'x', 'alpha', 'predmix_empbern', 'predmix_hoeffding', 'betting_hedged', 'betting_mart'];
    checked.push('empbern_lower_nonneg_x3', 'lambda_predmix_eb', 'lambda_aKelly');
    for (const golden of cases) expect(Object.keys(golden).sort()).toEqual([...checked].sort());
  });

  it.each(cases)('follows the empirical Bernstein sequence of $name', ({ x, alpha, predmix_empbern: golden }) => {
    follows(new EmpiricalBernsteinSequence({ alpha, truncation: golden.truncation, running: false }), x, golden);
  });

  it.each(cases)('follows the Hoeffding sequence of $name', ({ x, alpha, predmix_hoeffding: golden }) => {
    follows(new HoeffdingSequence({ alpha, running: false }), x, golden);
  });

  it.each(cases)('follows the hedged sequence of $name', ({ x, alpha, betting_hedged: golden }) => {
    const { breaks, theta, trunc_scale: share } = golden;
    follows(new HedgedSequence({ alpha, breaks, theta, share, running: false }), x, golden);
  });

  it.each(cases)('follows the betting martingale of $name', ({ x, alpha, betting_mart: golden }) => {
    const martingale = new BettingMartingale(golden.m, { alpha });
    near(
      x.map((value) => martingale.add(value)),
      golden.capital,
    );
  });

  it.each(cases)(
    'follows the lower sequence of unbounded observations of $name',
    ({ alpha, empbern_lower_nonneg_x3: golden }) => {
      const sequence = new EmpiricalBernsteinLower({ alpha, running: false });
      near(
        golden.x.map((value) => sequence.add(value)),
        golden.l,
      );
    },
  );

  it.each(cases)('follows the bets of $name', ({ x, alpha, lambda_predmix_eb: plugIn, lambda_aKelly: kelly }) => {
    const seen = new PredictableMoments();
    const bets = x.map((value) => {
      const pair = [plugInBet(seen, alpha), kellyBet(seen, kelly.m)];
      seen.add(value);
      return pair;
    });
    near(
      bets.map(([bet]) => bet),
      plugIn,
    );
    near(
      bets.map(([, bet]) => bet),
      kelly.v,
    );
  });
});
