/** How often each replica of a bootstrap counts each row: a function of the row, the replica and a seed, and of nothing else. */
import { noiseAt, noiseStream, type Seed } from '../../base/index.ts';

/**
 * `poisson`: Poisson(1), the bootstrap of rows that come one by one (Oza and Russell 2001). `double-or-nothing`: 0 or 2, each
 * with probability 1/2 (Owen and Eckles 2012), half the work. Both have mean 1 and variance 1.
 */
export type Resampling = 'poisson' | 'double-or-nothing';

/** P(Poisson(1) <= k); beyond twelve nothing is left of 53 bits. */
const POISSON = new Float64Array(13);
for (let k = 0, p = Math.exp(-1), sum = 0; k < POISSON.length; p /= ++k) {
  sum += p;
  POISSON[k] = sum;
}

/** Keeps these draws from those of others that the same seed feeds. */
const LABEL = 0x626f6f74;

export function replicaSeed(seed: number): Seed {
  return Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, LABEL, 0);
}

/**
 * How often replica j counts the row named `key`. Rows of one key are drawn together: keys of listeners make a bootstrap by
 * listener, whose spread holds what rows of one listener have in common.
 */
export function timesCounted(resampling: Resampling, seed: Seed, key: number, replica: number): number {
  const u = noiseAt(noiseStream(seed, LABEL, key), replica);
  if (resampling === 'double-or-nothing') return u < 0.5 ? 0 : 2;
  let k = 0;
  while (k < POISSON.length - 1 && u > POISSON[k]) k++;
  return k;
}
