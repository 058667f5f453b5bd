/** Comparisons of policies in words. */
import type {
  Bounds,
  ComparedFigure,
  ComparedPolicy,
  ComparedRung,
  SliceDimension,
  Verdict,
} from '../../../src/server/contract.ts';
import { percentText } from '../shell/times.ts';

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  trustworthy: 'trustworthy',
  weak: 'weak',
  refused: 'cannot tell',
};

export const RUNG_NAMES: Readonly<Record<ComparedRung, string>> = {
  above: 'shelves above, cards to the left',
  slope: 'as little as the data allow (SLOPE)',
  prefix: 'everything before the card',
  row: 'its own row',
  item: 'the card alone',
};

export const ESTIMATOR_NAMES: Readonly<Record<string, string>> = {
  dr: 'Doubly robust',
  sndr: 'Doubly robust, self-normalised',
  ipw: 'Inverse propensities',
  snipw: 'Inverse propensities, self-normalised',
};

export const DIMENSION_NAMES: Readonly<Record<SliceDimension, string>> = {
  tier: 'Tier',
  market: 'Market',
  device: 'Device',
  listener: 'New or known',
  dayPart: 'Part of the day',
};

const SPAN_NAMES: Readonly<Record<string, string>> = {
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
  '90d': 'the last 90 days',
  all: 'all of them',
};

export function spanName(span: string): string {
  return SPAN_NAMES[span] ?? span;
}

const LEFT_OUT: Readonly<Record<string, string>> = {
  immature: 'younger than a day: what they earn is not known yet',
  unrendered: 'never rendered, as far as the app said',
  sampled: 'left out evenly, to be faster',
  degraded: 'degraded: a stage had failed',
  marked: 'not drawn for who asked: flagged traffic, unknown listeners, a policy that was off',
  holdOut: 'of the popularity hold-out',
  otherEncoder: 'made with features of another version',
  unreadable: 'of erased listeners, or not readable',
  unequal: 'that do not recompute to the bit',
  unmet: 'whose model lacks what a policy needs',
};

/** Most first; those that there are not are left out. */
export function leftOutTexts(leftOut: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${count.toLocaleString('en')} ${LEFT_OUT[reason] ?? reason}`);
}

/** "1.33" */
export function rewardText(value: number): string {
  return value.toFixed(Math.abs(value) < 0.1 ? 3 : 2);
}

/** "1.21 to 1.45"; an end that there is not is "…". */
export function boundsText([from, to]: Bounds, text: (value: number) => string): string {
  return `${from === null ? '…' : text(from)} to ${to === null ? '…' : text(to)}`;
}

/** "+8.2 %", "−3 %", "0 %": a sign that no line parts from its number. */
export function liftText(lift: number): string {
  const share = Math.abs(lift) < 0.0005 ? 0 : lift;
  return `${share > 0 ? '+' : share < 0 ? '−' : ''}${percentText(Math.abs(share)).replace(' ', '\u00a0')}`;
}

/** Does the whole interval lie on one side of nothing? */
export function direction({ interval: [from, to] }: ComparedFigure): 'more' | 'less' | 'open' {
  if (from !== null && from > 0) return 'more';
  return to !== null && to < 0 ? 'less' : 'open';
}

/** What is known of a policy, in a sentence or two; of a refused one that nothing is. */
export function verdictText({ value, interval, liftOverServed, verdict }: ComparedPolicy): string {
  if (verdict === 'refused' || value === null || interval === null)
    return 'These decisions cannot tell what it would have earned.';
  const earned = `Would have earned ${rewardText(value)} a decision (${boundsText(interval, rewardText)})`;
  if (liftOverServed === null) return `${earned}.`;
  const { value: lift, interval: between } = liftOverServed;
  if (lift === 0 && between[0] === 0 && between[1] === 0) return `${earned}, exactly what served.`;
  const range = `${liftText(lift)}, from ${boundsText(between, liftText)}`;
  switch (direction(liftOverServed)) {
    case 'more':
      return `${earned}: more than what served (${range}).`;
    case 'less':
      return `${earned}: less than what served (${range}).`;
    case 'open':
      return `${earned}: not to be told from what served (${range}).`;
  }
}

/** What weights take for granted, and what that costs each policy that is not refused, as the reward model has it. */
export function assumedText(assumption: string, policies: readonly ComparedPolicy[]): string {
  const costs = policies.flatMap(({ name, verdict, assumptionCost }) =>
    verdict === 'refused' || assumptionCost === null || assumptionCost.value === 0
      ? []
      : [`${name} by ${assumptionCost.value > 0 ? '+' : '−'}${Math.abs(assumptionCost.value).toFixed(3)}`],
  );
  const unknown = policies.flatMap(({ name, verdict, assumptionCost, rung, weights }) =>
    verdict === 'refused' || assumptionCost !== null || rung === 'prefix' || weights.differing === 0 ? [] : [name],
  );
  return [
    `That ${assumption}.`,
    ...(costs.length === 0
      ? []
      : [
          `The reward model says how far values are off by it, a decision: ${costs.join(', ')}. Intervals over what served and over popularity allow for it.`,
        ]),
    ...(unknown.length === 0
      ? []
      : [`How far it puts ${unknown.join(', ')} off is not known, and no interval allows for it.`]),
  ].join(' ');
}

/** "3.5 %", "1 in 3,400": shares of effective samples go far down. */
export function shareText(share: number): string {
  if (share >= 0.001 || share === 0) return percentText(share);
  return `1 in ${Math.round(1 / share).toLocaleString('en')}`;
}

/** "16,500", "4.2", "0.0031" */
export function weightText(weight: number): string {
  if (weight >= 100) return Math.round(weight).toLocaleString('en');
  return String(Number(weight.toPrecision(weight >= 1 ? 3 : 2)));
}

/** How much likelier the logged page is to the other policy, in words. */
export function pageWeightText(weight: number, policy: string): string {
  if (weight === 0) return `${policy} would never have shown this very page.`;
  if (Math.abs(Math.log(weight)) < 0.005) return `${policy} would have shown this very page as often.`;
  const times = weight > 1 ? weight : 1 / weight;
  const factor = times >= 1e6 ? times.toExponential(0).replace('e+', '·10^') : weightText(times);
  return `${policy} would have shown this very page ${factor} times as ${weight > 1 ? 'often' : 'seldom'}.`;
}
