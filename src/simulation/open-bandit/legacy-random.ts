/**
 * The draws of numpy's legacy `RandomState(seed)`, bit for bit: what the public synthetic sets of Open Bandit Pipeline are made
 * of. MT19937 (Matsumoto & Nishimura 1998), and on top of it the samplers as numpy has frozen them. For reproducing published
 * figures; everything else draws from `createRng`.
 */

const WORDS = 624;
const SHIFT = 397;

export interface LegacyRandom {
  /** 32 bits. */
  uint32(): number;
  /** [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal: Marsaglia's polar method, the second of each pair first. */
  normal(): number;
  /** 1 with probability p, else 0: by inversion. */
  bernoulli(p: number): number;
  /** 0 .. count - 1 in random order (Fisher and Yates from the end). */
  permutation(count: number): Uint32Array;
}

/** @param seed 0 to 2^32 - 1. */
export function legacyRandom(seed: number): LegacyRandom {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = WORDS;
  let spare = Number.NaN;

  const refill = (): void => {
    for (let k = 0; k < WORDS; k++) {
      const y = (state[k] & 0x80000000) | (state[(k + 1) % WORDS] & 0x7fffffff);
      state[k] = state[(k + SHIFT) % WORDS] ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    at = 0;
  };
  const uint32 = (): number => {
    if (at === WORDS) refill();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  const uniform = (): number => {
    const high = uint32() >>> 5;
    return (high * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  };
  /** 0 .. most, by rejection. */
  const upTo = (most: number): number => {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    let drawn = (uint32() & mask) >>> 0;
    while (drawn > most) drawn = (uint32() & mask) >>> 0;
    return drawn;
  };

  return {
    uint32,
    uniform,
    normal() {
      if (!Number.isNaN(spare)) {
        const kept = spare;
        spare = Number.NaN;
        return kept;
      }
      let x = 0;
      let y = 0;
      let square = 0;
      do {
        x = 2 * uniform() - 1;
        y = 2 * uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = factor * x;
      return factor * y;
    },
    bernoulli(p) {
      return p <= 0.5 ? inverted(uniform, p) : 1 - inverted(uniform, 1 - p);
    },
    permutation(count) {
      const order = Uint32Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; i--) {
        const k = upTo(i);
        const kept = order[i];
        order[i] = order[k];
        order[k] = kept;
      }
      return order;
    },
  };
}

/** The binomial of one trial by inversion, p <= 1/2. */
function inverted(uniform: () => number, p: number): number {
  const q = 1 - p;
  const bound = Math.min(1, Math.floor(p + 10 * Math.sqrt(p * q + 1)));
  let successes = 0;
  let mass = q;
  let u = uniform();
  while (u > mass) {
    successes++;
    if (successes > bound) {
      successes = 0;
      mass = q;
      u = uniform();
    } else {
      u -= mass;
      mass = ((1 - successes + 1) * p * mass) / (successes * q);
    }
  }
  return successes;
}
