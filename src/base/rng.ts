/**
 * Chance is an argument. Two kinds stand here:
 *  - `createRng(seed)`: a sequential generator (xoshiro128**, Blackman & Vigna 2018) for simulations, samplers, training;
 *  - `noise(seed, a, b, c)`: a counter-based uniform that depends only on its arguments, so that a draw for one action
 *    cannot disturb the draw for another.
 * The same seed gives the same numbers on every machine.
 */
import { randomBytes } from 'node:crypto';

export interface Rng {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Standard normal (Box-Muller, both halves used). */
  normal(): number;
  /** Exponential with rate 1. */
  exponential(): number;
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
  /** A generator whose stream is independent of this one's further use. */
  fork(label: number): Rng;
}

/** MurmurHash3's 32-bit finaliser: a bijection on 32-bit integers with full avalanche. */
export function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function createRng(seed: number | Uint8Array): Rng {
  const words = typeof seed === 'number' ? wordsOfNumber(seed) : wordsOfBytes(seed);
  let [a, b, c, d] = words;
  if ((a | b | c | d) === 0) d = 1;
  let spare = Number.NaN;

  const uint32 = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992;

  return {
    uint32,
    uniform,
    below: (n) => Math.floor(uniform() * n),
    exponential: () => -Math.log(1 - uniform()),
    normal: () => {
      if (!Number.isNaN(spare)) {
        const kept = spare;
        spare = Number.NaN;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    fork: (label) => {
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < 4; i++) view.setUint32(4 * i, mix32(words[i] ^ mix32(label + i * 0x9e3779b9)), true);
      return createRng(bytes);
    },
  };
}

/** Puts the entries from .. to of an array in a random order, in place, each equally likely (Fisher and Yates): to - from - 1 draws. */
export function shuffle(order: Uint32Array, rng: Rng, from = 0, to = order.length): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + rng.below(i - from + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

/** 0 .. count - 1 in a random order. */
export function shuffledOrder(count: number, rng: Rng): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  shuffle(order, rng);
  return order;
}

function wordsOfNumber(seed: number): [number, number, number, number] {
  const low = seed >>> 0;
  const high = Math.floor(seed / 4294967296) >>> 0;
  const first = mix32(low + 0x9e3779b9);
  return [first, mix32(high ^ first), mix32(low ^ 0x6a09e667), mix32(high + 0xbb67ae85)];
}

function wordsOfBytes(seed: Uint8Array): [number, number, number, number] {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
}

/** 128 random bits, as four 32-bit words: what the noise of one decision is drawn from. */
export type Seed = Uint32Array;

export function seedFromBytes(bytes: Uint8Array): Seed {
  return new Uint32Array(wordsOfBytes(bytes));
}

export function seedToBytes(seed: Seed): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setUint32(4 * i, seed[i], true);
  return bytes;
}

/** Random bytes of the system, fetched by the page: a call for each seed costs more than all else about it. */
const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let poolAt = 0;

/** A fresh seed from the system's generator. Only entry points and the serving path call it. */
export function freshSeed(): Seed {
  if (poolAt + 16 > pool.length) {
    pool = new Uint8Array(randomBytes(POOL_BYTES));
    poolAt = 0;
  }
  const seed = seedFromBytes(pool.subarray(poolAt, poolAt + 16));
  // Handed out once: what is left behind must not tell past seeds.
  pool.fill(0, poolAt, poolAt + 16);
  poolAt += 16;
  return seed;
}

/**
 * Counter-based uniform in (0, 1): a function of the seed and three labels alone.
 * Every word of the seed and every label passes through a full-avalanche mix. The result has 52 bits and is never 0 or 1,
 * so that its logarithm is finite.
 */
export function noise(seed: Seed, a: number, b: number, c: number): number {
  return noiseAt(noiseStream(seed, a, b), c);
}

/** The part of `noise` that many labels `c` share. */
export function noiseStream(seed: Seed, a: number, b: number): number {
  let h = mixSigned(seed[0] ^ Math.imul(a + 1, 0x9e3779b1));
  h = mixSigned(h ^ seed[1] ^ Math.imul(b + 1, 0x85ebca77));
  return mixSigned(mixSigned(h ^ seed[2]) ^ seed[3]);
}

/** `noise(seed, a, b, c)`, given `stream = noiseStream(seed, a, b)`. */
export function noiseAt(stream: number, c: number): number {
  const high = mixSigned(stream ^ Math.imul(c + 1, 0xc2b2ae3d));
  return uniformOf(high >>> 6, lowHalf(stream, high));
}

/** 26 bits to follow the upper 26 of `high`. */
function lowHalf(stream: number, high: number): number {
  return mixSigned(stream ^ Math.imul(high + 0x27d4eb2f, 0x165667b1)) >>> 6;
}

function uniformOf(upper: number, lower: number): number {
  return (upper * 67108864 + lower + 0.5) / 4503599627370496;
}

/** `mix32` as a signed integer: the same bits, cheaper in a loop. */
function mixSigned(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A race among n actions: argmin_k -ln(noiseAt(stream, labels[k])) / rates[k]. The winner is k with probability
 * rates[k] / Σ rates; an action of rate 0 never wins; -1 when all rates are 0. Each action has a clock of its own,
 * undisturbed by which others race.
 */
export function noiseRace(rates: Float64Array, labels: Uint32Array, n: number, stream: number): number {
  let winner = -1;
  let best = Number.POSITIVE_INFINITY;
  let bestScaled = Number.POSITIVE_INFINITY;
  for (let k = 0; k < n; k++) {
    const rate = rates[k];
    const high = mixSigned(stream ^ Math.imul((labels[k] | 0) + 1, 0xc2b2ae3d));
    const upper = high >>> 6;
    // -ln u >= 1 - u > 1 - (upper + 1) / 2^26: most losers are known without the other half of u and its logarithm.
    if (67108863 - upper < bestScaled * rate) {
      const time = -Math.log(uniformOf(upper, lowHalf(stream, high))) / rate;
      if (time < best) {
        best = time;
        bestScaled = time * 67108864;
        winner = k;
      }
    }
  }
  return winner;
}
