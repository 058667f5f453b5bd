// Installs what is missing, before `npm start`, `npm test`, `npm run check` and `npm run bench`.
//
// What is installed is known by a stamp in node_modules: the hash of package-lock.json and of the platform. A hash, since clones keep no
// times. Where the stamp differs but npm's own record of node_modules agrees with the lock (after `npm install NAME`), nothing is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNewEnough, machinePath, nodeBinary, ROOT, run, say, seconds } from './toolchain.mjs';

const LOCK = join(ROOT, 'package-lock.json');
const STAMP = join(ROOT, 'node_modules', '.shelfwise-installed');
const NPM_RECORD = join(ROOT, 'node_modules', '.package-lock.json');

function stampOfLock() {
  return createHash('sha256').update(readFileSync(LOCK)).update(`${process.platform} ${process.arch}`).digest('hex');
}

/** True when npm's record of node_modules holds every package of the lock, in its version, and no other. */
function recordAgreesWithLock() {
  if (!existsSync(NPM_RECORD)) return false;
  const wanted = JSON.parse(readFileSync(LOCK, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(NPM_RECORD, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const present = installed[path];
    if (
      present === undefined
        ? !entry.optional
        : present.version !== entry.version || present.integrity !== entry.integrity
    ) {
      return false;
    }
  }
  return Object.keys(installed).every((path) => wanted[path] !== undefined);
}

async function nodeWorks() {
  try {
    const { code, output } = await run(nodeBinary(), ['--version'], { capture: true });
    return code === 0 && isNewEnough(output.trim());
  } catch (failure) {
    say(`  ${failure.message}`);
    return false;
  }
}

/** `npm ci` by the machine's own Node and npm; a line every ten seconds, since npm itself is silent while it downloads. */
function install() {
  const npmCli = process.env.npm_execpath;
  // onnxruntime-node carries what runs on the CPU; its install script would fetch more from elsewhere than the registry.
  const env = { ...process.env, PATH: machinePath(), ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const byScript = npmCli?.endsWith('.js') === true;
  const command = byScript ? (process.env.npm_node_execpath ?? 'node') : 'npm';
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, byScript ? [npmCli, ...args] : args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: !byScript && process.platform === 'win32',
    });
    const ticking = setInterval(() => say(`  … still installing (${seconds(started)})`), 10_000);
    child.on('error', (failure) => {
      clearInterval(ticking);
      reject(failure);
    });
    child.on('close', (code) => {
      clearInterval(ticking);
      resolve(code ?? 1);
    });
  });
}

/** `npm start` says `exec`, which every shell but that of Windows has: there a file of that name stands in for it. */
function standInForExec() {
  if (process.platform === 'win32') writeFileSync(join(ROOT, 'node_modules', '.bin', 'exec.cmd'), '@%*\r\n');
}

async function main() {
  if (Number(process.version.slice(1).split('.')[0]) < 20) {
    say(
      `Shelfwise needs Node 20 or newer to install itself; this is ${process.version}. Install a newer Node from https://nodejs.org.`,
    );
    process.exit(1);
  }
  const wanted = stampOfLock();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === wanted) return;
  if (recordAgreesWithLock() && (await nodeWorks())) {
    standInForExec();
    writeFileSync(STAMP, `${wanted}\n`);
    return;
  }
  const packages = Object.keys(JSON.parse(readFileSync(LOCK, 'utf8')).packages).length - 1;
  say(`Installing up to ${packages} packages (about 1 GB; half a minute with a good connection) …`);
  const started = performance.now();
  const code = await install();
  if (code !== 0) {
    say(
      'The install failed; what npm said stands above. With the network and the registry reachable, run the same command again.',
    );
    process.exit(code);
  }
  if (!(await nodeWorks())) {
    say(
      'The package "node" brought no usable Node. Let npm run its install script (npm config get ignore-scripts must say false) and run again.',
    );
    process.exit(1);
  }
  standInForExec();
  writeFileSync(STAMP, `${wanted}\n`);
  say(`Installed in ${seconds(started)}.`);
}

await main();
