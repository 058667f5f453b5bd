// Builds the web page, knows whether a built one is still that of its sources, and fails when its first page has grown too heavy.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { filesBelow, hashOf, nodeBinary, packageScript, ROOT, run, say, seconds } from './toolchain.mjs';

const STUDIO = join(ROOT, 'studio');
const STAMP = join(ROOT, 'studio', 'dist', 'sources.sha256');

function sourcesHash() {
  const files = filesBelow(STUDIO, (path) => path === 'dist' || path === 'node_modules').map(
    (file) => `studio/${file}`,
  );
  return hashOf(ROOT, [...files, 'package-lock.json']);
}

/** The page that most people open first: the module of its lazy route. */
const FIRST_PAGE = 'src/home/home.tsx';
const MOST_GZIPPED_KB = 250;

/** What the first page loads before it can be used (scripts and styles, no pictures, no fonts): [file, kB gzipped]. */
function firstPageFiles(outDir) {
  const manifest = JSON.parse(readFileSync(join(outDir, '.vite', 'manifest.json'), 'utf8'));
  const files = new Set(['index.html']);
  const visit = (name) => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the build has no ${name}: is the first page still that module?`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit('index.html');
  visit(FIRST_PAGE);
  return [...files].map((file) => [file, gzipSync(readFileSync(join(outDir, file))).length / 1000]);
}

/** Says what the first page weighs; false when that is too much. */
function weighFirstPage(outDir) {
  const files = firstPageFiles(outDir);
  const total = files.reduce((sum, [, kB]) => sum + kB, 0);
  if (total <= MOST_GZIPPED_KB) {
    say(`The first page loads ${total.toFixed(0)} kB gzipped, of at most ${MOST_GZIPPED_KB}.`);
    return true;
  }
  say(
    `The first page loads ${total.toFixed(0)} kB gzipped; ${MOST_GZIPPED_KB} is the most. Load what it can do without later (import()):`,
  );
  for (const [file, kB] of files.sort(([, one], [, other]) => other - one)) say(`  ${kB.toFixed(1)} kB  ${file}`);
  return false;
}

/** Builds into `outDir`; resolves with vite's exit code, or 1 when the first page has grown too heavy. */
export async function buildStudio(outDir = join(STUDIO, 'dist')) {
  // Whatever the shell or a test runner says: a page that is built is a page for use, and React minds.
  const env = { ...process.env, NODE_ENV: 'production' };
  const vite = packageScript('vite', 'bin', 'vite.js');
  const arguments_ = [vite, 'build', 'studio', '--logLevel', 'warn', '--manifest', '--outDir', outDir, '--emptyOutDir'];
  const { code } = await run(nodeBinary(), arguments_, { env });
  if (code !== 0) return { code };
  const light = weighFirstPage(outDir);
  rmSync(join(outDir, '.vite'), { recursive: true });
  return { code: light ? 0 : 1 };
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
