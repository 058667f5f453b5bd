/**
 * Compiles the AssemblyScript kernels: src/kernels/assembly/index.ts → src/kernels/kernels.wasm.
 * The compiled file is committed, so that neither a clone nor the package needs the compiler (102 MB).
 * With `--check`: compiles into memory and fails when the committed file differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = join(import.meta.dirname, '..');
const source = 'src/kernels/assembly/index.ts';
const target = join(root, 'src/kernels/kernels.wasm');

const outputs = new Map();
const { error, stderr } = await asc.main(
  [source, '--baseDir', root, '--outFile', 'kernels.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0'].concat([
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--initialMemory',
    '1',
  ]),
  { writeFile: (name, contents) => void outputs.set(name, contents) },
);
if (error) {
  console.error(`${stderr.toString()}${error.message}`);
  process.exit(1);
}
const compiled = outputs.get('kernels.wasm');
const committed = existsSync(target) ? readFileSync(target) : null;
const equal = committed !== null && Buffer.compare(Buffer.from(compiled), committed) === 0;

if (process.argv.includes('--check')) {
  if (!equal) {
    console.error('src/kernels/kernels.wasm does not match its sources; run `npm run build:kernels` and commit it');
    process.exit(1);
  }
  console.log(`kernels.wasm agrees with its sources (${compiled.length} bytes)`);
} else {
  if (!equal) writeFileSync(target, compiled);
  console.log(`${equal ? 'unchanged' : 'wrote'} src/kernels/kernels.wasm (${compiled.length} bytes)`);
}
