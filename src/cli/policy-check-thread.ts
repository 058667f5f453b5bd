/** The threads of `policy check`. */
import { joinCrew } from '../base/index.ts';
import {
  type CompositionOptions,
  checkPolicy,
  composed,
  type PolicyCheck,
  type PolicyOptions,
  policyOf,
} from '../policy/index.ts';

export interface CheckTask {
  readonly id: string;
  readonly options: PolicyOptions;
  readonly composition: Readonly<Partial<CompositionOptions>>;
  readonly draws: number;
  readonly seed: number;
}

export interface CheckReply {
  readonly check: PolicyCheck;
  readonly seconds: number;
}

joinCrew<CheckTask, CheckReply>(() => ({ id, options, composition, draws, seed }) => {
  const startMs = performance.now();
  const check = checkPolicy({ policy: composed(policyOf(id, options), composition), draws, seed });
  return { check, seconds: (performance.now() - startMs) / 1000 };
});
