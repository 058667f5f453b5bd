// `npm run check`: everything about the sources that a machine can judge without running the product. `npm run check -- types lint` runs some.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary, packageScript, ROOT, run, say, seconds } from './toolchain.mjs';

const node = (script, ...args) => run(nodeBinary(), [script, ...args]);
// Biome colours letter by letter, which drowns a log.
const colours = process.stdout.isTTY ? '--colors=force' : '--colors=off';
const typescript = packageScript('typescript7', 'bin', 'tsc');

async function trackedFiles() {
  const { code, output } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    capture: true,
  });
  if (code !== 0) throw new Error(`git ls-files failed: ${output.trim()}`);
  return output.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

const TEXT = /\.(ts|tsx|mjs|cjs|js|json|md|css|html|svg|sh|yml|yaml)$|^\.ci\/run$|^bin\/[^.]+$/;

/** Lines of tracked text files that `find` reports something about. */
async function offendingLines(concerns, find) {
  const offences = [];
  for (const file of await trackedFiles()) {
    if (!TEXT.test(file) || !concerns(file)) continue;
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .forEach((line, index) => {
        const what = find(line);
        if (what !== undefined) offences.push(`  ${file}:${index + 1}: ${what}`);
      });
  }
  return offences;
}

function verdict(offences, clean) {
  say(offences.length === 0 ? clean : offences.join('\n'));
  return offences.length === 0 ? 0 : 1;
}

async function layering() {
  const { code, output } = await run(
    nodeBinary(),
    [
      packageScript('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      ...['src', 'bench', 'examples', 'test', 'studio', 'scripts'].filter((folder) => existsSync(join(ROOT, folder))),
    ],
    { capture: true },
  );
  say(output.trim());
  if (code !== 0) return code;
  // Without a TypeScript that has an API, the cruiser sees nothing and is content.
  const cruised = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  const sources = (await trackedFiles()).filter(
    (file) => /^src\/.*\.ts$/.test(file) && !file.includes('/assembly/'),
  ).length;
  if (cruised >= sources && sources > 0) return 0;
  say(
    `Only ${cruised} modules were cruised of at least ${sources}: is the package "typescript" still one with an API (6)?`,
  );
  return 1;
}

/** Nothing in the repository may depend on where one person keeps it. */
async function machinePaths() {
  const folders = ['work', 'root', 'tmp', 'Users', 'private'].join('|');
  const pattern = new RegExp(`(^|[\\s"'\`(=:])/(${folders})/[\\w.-]+`);
  return verdict(
    await offendingLines(
      (file) => file !== 'package-lock.json',
      (line) => pattern.exec(line)?.[0].trim(),
    ),
    'No file names a path of one machine.',
  );
}

/** Time, chance and environment are arguments: they are read in base and at the entry points only. */
async function purity() {
  const ambient = /\bDate\.now\(|\bMath\.random\(|\bprocess\.env\b|\bnew Date\(\)/;
  return verdict(
    await offendingLines(
      (file) =>
        /^src\/(?!base\/|cli\/|testing\/|client\/system\.ts$).*\.ts$/.test(file) &&
        !/(\.test|-testing)\.ts$/.test(file),
      (line) => (/^\s*(\*|\/\/)/.test(line) ? undefined : ambient.exec(line)?.[0]),
    ),
    'Time, chance and environment come in as arguments.',
  );
}

const CHECKS = {
  types: ['Types', async () => (await node(typescript, '--noEmit')).code],
  client: ['Types of the client', async () => (await node(typescript, '--noEmit', '-p', 'src/client')).code],
  studio: ['Types of the web page', async () => (await node(typescript, '--noEmit', '-p', 'studio')).code],
  lint: [
    'Lint and format',
    async () =>
      (await node(packageScript('@biomejs/biome', 'bin', 'biome'), 'ci', '--error-on-warnings', colours, '.')).code,
  ],
  layering: ['Layering', layering],
  ambient: ['Ambient inputs', purity],
  unused: ['Unused code', async () => (await node(packageScript('knip', 'bin', 'knip.js'), '--no-progress')).code],
  kernels: ['Kernels agree with their sources', async () => (await node('scripts/kernels.mjs', '--check')).code],
  docs: ['Generated docs agree with their sources', async () => (await node('scripts/docs.ts', '--check')).code],
  paths: ['Machine paths', machinePaths],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => CHECKS[name] === undefined);
if (unknown.length > 0) {
  say(`No such check: ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(2);
}
const results = [];
for (const [name, [title, check]] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  say(`\n── ${title} (${name})`);
  const started = performance.now();
  const code = await check();
  results.push({ name, title, ok: code === 0, took: seconds(started) });
}
say('\n── Summary');
for (const { name, title, ok, took } of results) say(`${ok ? '  ok    ' : '  FAILED'}  ${title} (${name}, ${took})`);
const failed = results.filter(({ ok }) => !ok).length;
say(failed === 0 ? `All ${results.length} checks passed.` : `${failed} of ${results.length} checks failed.`);
process.exit(failed === 0 ? 0 : 1);
