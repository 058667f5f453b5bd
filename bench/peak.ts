/**
 * How fast 128-bit multiply-adds can go at all: a loop over registers that loads and stores nothing, and a chain of them so
 * wide that none waits for the one before. What no kernel of 128-bit lanes on one thread can beat.
 */
import asc from 'assemblyscript/asc';

const CHAINS = 12;
const LANES = 4;

const SOURCE = `
export function peak(rounds: i32, a: f32, b: f32): f32 {
  const factor = f32x4.splat(a);
  const start = f32x4.splat(b);
${Array.from({ length: CHAINS }, (_, i) => `  let s${i} = start;`).join('\n')}
  for (let i = 0; i < rounds; i++) {
${Array.from({ length: CHAINS }, (_, i) => `    s${i} = f32x4.add(s${i}, f32x4.mul(factor, s${(i + 1) % CHAINS}));`).join('\n')}
  }
  let sum = s0;
${Array.from({ length: CHAINS - 1 }, (_, i) => `  sum = f32x4.add(sum, s${i + 1});`).join('\n')}
  return f32x4.extract_lane(sum, 0);
}`;

/** Milliseconds that `multiplyAdds` of 32-bit floats take at best, four a lane: the fastest of many runs. */
export async function peakMs(multiplyAdds: number): Promise<number> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      'peak.ts',
      '--outFile',
      'peak.wasm',
      '--optimizeLevel',
      '3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
    ],
    {
      readFile: (name) => (name === 'peak.ts' ? SOURCE : null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') bytes = new Uint8Array(contents);
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === undefined) throw new Error(`the loop does not compile: ${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(bytes);
  const peak = instance.exports.peak as (rounds: number, a: number, b: number) => number;
  const rounds = Math.round(multiplyAdds / (CHAINS * LANES));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 300; run++) {
    const startMs = performance.now();
    peak(rounds, 1e-9, 1);
    best = Math.min(best, performance.now() - startMs);
  }
  return best;
}
