// What the repository's scripts share: where things are, which Node runs them, how a step is run.
// Plain JavaScript that Node 20 runs, since the first command after a clone may be run by it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The oldest Node that strips types and has node:sqlite without a flag. */
const OLDEST_NODE = [22, 18];

export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** The Node that came with the install (24), whatever the machine has; this one where that is missing. */
export function nodeBinary() {
  const installed = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(installed) ? installed : process.execPath;
}

/** PATH without any `node_modules/.bin`, so that `node` and `npm` are the machine's own. */
export function machinePath(path = process.env.PATH ?? '') {
  return path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')) && !folder.endsWith('node-gyp-bin'))
    .join(delimiter);
}

/**
 * Runs a command in the root of the repository; resolves with its exit code and, where `capture`, what it printed.
 * A child that a signal ended counts as exit code 1.
 */
export function run(command, args, { capture = false, env = process.env, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The script of a package's command, to be run by `nodeBinary()`: faster than npx, and never fetched from the registry. */
export function packageScript(packageName, ...path) {
  return join(ROOT, 'node_modules', packageName, ...path);
}

/** Every file below `folder`, as paths from it with `/`, sorted. */
export function filesBelow(folder, skip = () => false) {
  const found = [];
  const visit = (relative) => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (skip(path)) continue;
      if (entry.isDirectory()) visit(path);
      else found.push(path);
    }
  };
  visit('');
  return found.sort();
}

/** sha256 over names and contents of `files` below `folder`. */
export function hashOf(folder, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(join(folder, file.split('/').join(sep))));
    hash.update('\0');
  }
  return hash.digest('hex');
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}
