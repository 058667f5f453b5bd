/**
 * Compiles the AssemblyScript kernels, each module of them: src/kernels/assembly/ENTRY.ts → src/kernels/NAME.wasm.
 * The compiled files are committed, so that neither a clone nor the package needs the compiler (102 MB).
 * With `--check`: compiles into memory and fails when a committed file differs. Names compile only those modules.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/** The entry of each module, by the module's name; `src/kernels/module.ts` has the same names. */
const MODULES = {
  kernels: 'index',
  network: 'network',
  gradients: 'gradients',
  trees: 'trees',
  boosting: 'boosting',
  statistics: 'statistics',
};
/** The memory of these comes from outside and is shared between threads; its size is the caller's. */
const SHARED = ['--enable', 'threads', '--importMemory', '--sharedMemory', '--maximumMemory', '65536'];
const FLAGS = { boosting: SHARED };
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

async function compile(name, entry) {
  const outputs = new Map();
  const { error, stderr } = await asc.main(
    [`src/kernels/assembly/${entry}.ts`, '--baseDir', root, '--outFile', 'out.wasm', '--optimizeLevel', '3'].concat([
      '--shrinkLevel',
      '0',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--initialMemory',
      '1',
      ...(FLAGS[name] ?? []),
    ]),
    { writeFile: (file, contents) => void outputs.set(file, contents) },
  );
  if (error) {
    console.error(`${stderr.toString()}${error.message}`);
    process.exit(1);
  }
  const compiled = outputs.get('out.wasm');
  const target = join(root, `src/kernels/${name}.wasm`);
  const equal = existsSync(target) && Buffer.compare(Buffer.from(compiled), readFileSync(target)) === 0;
  if (!check) {
    if (!equal) writeFileSync(target, compiled);
    console.log(`${equal ? 'unchanged' : 'wrote'} src/kernels/${name}.wasm (${compiled.length} bytes)`);
  } else if (equal) {
    console.log(`${name}.wasm agrees with its sources (${compiled.length} bytes)`);
  } else {
    console.error(`src/kernels/${name}.wasm does not match its sources; run \`npm run build:kernels\` and commit it`);
    process.exitCode = 1;
  }
}

for (const [name, entry] of Object.entries(MODULES)) {
  if (only.length === 0 || only.includes(name)) await compile(name, entry);
}
