// Compiles what the published package holds: dist/ (JavaScript and declarations of src, the kernels' .wasm) and dist/studio (the web page).
// Node strips no types below node_modules, so the package carries JavaScript; a clone runs the sources.
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildStudio } from './studio.mjs';
import { filesBelow, nodeBinary, packageScript, ROOT, run, say, seconds } from './toolchain.mjs';

const DIST = join(ROOT, 'dist');
const SOURCES = join(ROOT, 'src');
/** Read at run time from beside the module that needs them. */
const RUNTIME_DATA = /\.(wasm|json|sql|txt)$/;

async function step(title, work) {
  say(`${title} …`);
  const started = performance.now();
  const code = await work();
  if (code !== 0) {
    say(`${title}: failed after ${seconds(started)}.`);
    process.exit(code);
  }
  say(`${title}: ${seconds(started)}`);
}

rmSync(DIST, { recursive: true, force: true });
await step('Compiling src to dist', async () => {
  const { code } = await run(nodeBinary(), [packageScript('typescript7', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  return code;
});
await step('Copying kernels and data', async () => {
  for (const file of filesBelow(SOURCES, (path) => path.endsWith('/assembly') || path.endsWith('.test.ts'))) {
    if (!RUNTIME_DATA.test(file)) continue;
    const target = join(DIST, file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(SOURCES, file), target);
  }
  return 0;
});
await step('Building the web page to dist/studio', async () => {
  const { code } = await buildStudio(join(DIST, 'studio'));
  return code !== 0 ? code : existsSync(join(DIST, 'studio', 'index.html')) ? 0 : 1;
});
