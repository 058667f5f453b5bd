/** `shelfwise ope`: off-policy evaluation, what a policy would have earned. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { registerCompare } from './ope-compare.ts';
import { registerEstimate } from './ope-estimate.ts';
import { registerInstead } from './ope-instead.ts';
import { registerLearn } from './ope-learn.ts';
import { registerSelfCheck } from './ope-selfcheck.ts';

export function registerOpe(program: Command, run: Run): void {
  const ope = program
    .command('ope')
    .description('Off-policy evaluation: what a policy would have earned, from what another one logged.');
  registerEstimate(ope, run);
  registerCompare(ope, run);
  registerInstead(ope, run);
  registerLearn(ope, run);
  registerSelfCheck(ope, run);
}
