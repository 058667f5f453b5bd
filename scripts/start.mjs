// `npm start`: builds the web page where it is not built and starts the platform with its demo world.
//
// The script says `exec`, so that no shell stands between npm and this process: it would die of the signal that we handle.
// Ctrl-C reaches every process of the terminal's group, and npm sends it once more. The platform therefore runs in a group of its own and gets
// one signal from here; a second Ctrl-C, a second or more later, is passed on too, for those who cannot wait.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureStudio } from './studio.mjs';
import { nodeBinary, ROOT } from './toolchain.mjs';

const REPEATED_AFTER_MS = 1000;

await ensureStudio();
const platform = spawn(nodeBinary(), [join(ROOT, 'bin', 'shelfwise'), 'up', '--demo', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: process.platform !== 'win32',
});

let lastSignalMs = Number.NEGATIVE_INFINITY;
function stop(signal) {
  if (performance.now() - lastSignalMs < REPEATED_AFTER_MS) return;
  lastSignalMs = performance.now();
  platform.kill(signal);
}
process.on('SIGINT', () => stop('SIGINT'));
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGHUP', () => stop('SIGTERM'));

// An npm that was killed outright cannot pass anything on: nobody would be left to stop the platform.
const startedBy = process.ppid;
if (process.env.npm_lifecycle_event === 'start') {
  setInterval(() => {
    if (process.ppid !== startedBy && !stoppedBySignal()) stop('SIGTERM');
  }, 1000).unref();
}

const stoppedBySignal = () => lastSignalMs > Number.NEGATIVE_INFINITY;
platform.on('error', (failure) => {
  process.stderr.write(`The platform could not be started: ${failure.message}\n`);
  process.exit(1);
});
platform.on('close', (code, signal) => {
  // Asked to stop and stopped: a success, in whatever way the platform ended by that signal.
  const asked = stoppedBySignal() && (code === 130 || code === 143 || signal === 'SIGINT' || signal === 'SIGTERM');
  process.exit(asked ? 0 : (code ?? 1));
});
