/** Extremes of doubles, and how many are zero or NaN. */
import { instantiateModule, type ModuleExports } from './module.ts';

interface SurveyExports extends ModuleExports {
  surveyNumbers(values: number, count: number, out: number): void;
}

export interface NumberSurvey {
  /** Infinities count, NaN does not: ∞ without any number. */
  readonly min: number;
  /** −∞ without any number. */
  readonly max: number;
  readonly zeros: number;
  readonly nans: number;
}

/** Numbers that are copied and looked at at a time. */
const BLOCK = 8192;

interface Surveyor {
  readonly block: Float64Array;
  readonly found: Float64Array;
  readonly look: (count: number) => void;
}

/** Held by `surveyNumbers` alone, from the copy to the result, in which nothing is awaited or called back; each thread has its own. */
let surveyor: Surveyor | undefined;

function createSurveyor(): Surveyor {
  const { exports, regions } = instantiateModule<SurveyExports>('statistics', [2 * BLOCK, 8]);
  const [values, out] = regions.map(({ address }) => address);
  return {
    block: new Float64Array(exports.memory.buffer, values, BLOCK),
    found: new Float64Array(exports.memory.buffer, out, 4),
    look: (count) => exports.surveyNumbers(values, count, out),
  };
}

/** About 1 ns a number. Not re-entrant. */
export function surveyNumbers(values: Float64Array): NumberSurvey {
  surveyor ??= createSurveyor();
  const { block, found, look } = surveyor;
  let [min, max, zeros, nans] = [Infinity, -Infinity, 0, 0];
  for (let from = 0; from < values.length; from += BLOCK) {
    const count = Math.min(BLOCK, values.length - from);
    block.set(values.length <= BLOCK ? values : values.subarray(from, from + count));
    look(count);
    if (found[0] < min) min = found[0];
    if (found[1] > max) max = found[1];
    zeros += found[2];
    nans += found[3];
  }
  return { min, max, zeros, nans };
}
