// Builds the web page, and knows whether a built one is still that of its sources.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, hashOf, nodeBinary, packageScript, ROOT, run, say, seconds } from './toolchain.mjs';

const STUDIO = join(ROOT, 'studio');
const STAMP = join(ROOT, 'studio', 'dist', 'sources.sha256');

function sourcesHash() {
  const files = filesBelow(STUDIO, (path) => path === 'dist' || path === 'node_modules').map(
    (file) => `studio/${file}`,
  );
  return hashOf(ROOT, [...files, 'package-lock.json']);
}

/** Builds into `outDir`; resolves with vite's exit code. */
export function buildStudio(outDir = join(STUDIO, 'dist')) {
  // Whatever the shell or a test runner says: a page that is built is a page for use, and React minds.
  const env = { ...process.env, NODE_ENV: 'production' };
  const vite = packageScript('vite', 'bin', 'vite.js');
  return run(nodeBinary(), [vite, 'build', 'studio', '--logLevel', 'warn', '--outDir', outDir, '--emptyOutDir'], {
    env,
  });
}

/** Builds studio/dist unless it is that of the sources as they are. */
export async function ensureStudio() {
  const wanted = sourcesHash();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === wanted) return;
  say('Building the web page …');
  const started = performance.now();
  const { code } = await buildStudio();
  if (code !== 0) {
    say('The web page could not be built; what vite said stands above.');
    process.exit(code);
  }
  writeFileSync(STAMP, `${wanted}\n`);
  say(`Built the web page in ${seconds(started)}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureStudio();
