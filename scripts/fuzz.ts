/**
 * The long fuzz run: `npm run fuzz -- --bodies 100000 --seed 1`. A small world in a temporary directory, a server process over
 * it, requests generated from its OpenAPI document. Prints a JSON summary; exit code 1 when anything was found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPlatform } from '../src/platform/index.ts';
import { createDemoWorld } from '../src/simulation/index.ts';
import { fuzz } from '../test/fuzz/fuzz.ts';

const { values } = parseArgs({
  options: {
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    'hang-ms': { type: 'string', default: '5000' },
    parallel: { type: 'string', default: '8' },
  },
});
const ENVELOPE = 1000;
const dataDir = mkdtempSync(join(tmpdir(), 'shelfwise-fuzz-'));

/** @returns ids for requests to meet */
async function makeWorld(): Promise<Record<string, string[]>> {
  const world = createDemoWorld({ seed: 5, items: 600, listeners: 40, days: 10, endMs: Date.now() });
  const [items, listeners, events] = [[...world.items()], [...world.listeners()], [...world.history()]];
  const platform = await openPlatform({ dataDir, learnEveryMs: 0 });
  await platform.upsertItems(items);
  await platform.putListeners(listeners);
  for (let at = 0; at < events.length; at += ENVELOPE) await platform.ingest(events.slice(at, at + ENVELOPE));
  await platform.fit({});
  await platform.close();
  return {
    items: items.slice(0, 20).map(({ id }) => id),
    listeners: listeners.slice(0, 10).map(({ id }) => id),
  };
}

interface Serving {
  readonly child: ChildProcess;
  readonly address: string;
  readonly key: string;
  readonly logged: () => string;
}

async function serve(): Promise<Serving> {
  const script = fileURLToPath(new URL('../test/serve.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify({ dataDir })], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complained = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complained = (complained + chunk.toString()).slice(-20_000);
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${complained}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes('\n')) return;
      const { address, key } = JSON.parse(said) as { address: string; key: string };
      resolve({ child, address, key, logged: () => complained });
    });
  });
}

try {
  const known = await makeWorld();
  const { child, address, key, logged } = await serve();
  const report = await fuzz({
    address,
    key,
    bodies: Number(values.bodies),
    seed: Number(values.seed),
    hangMs: Number(values['hang-ms']),
    parallel: Number(values.parallel),
    known,
    onProgress: (done) => process.stderr.write(`\r${done} of ${values.bodies}`),
  });
  process.stderr.write('\n');
  const crashed = child.exitCode !== null || child.signalCode !== null;
  let exitCode = child.exitCode;
  if (!crashed) {
    child.kill('SIGTERM');
    [exitCode] = (await once(child, 'close')) as [number | null];
  }
  const platform = crashed ? undefined : await openPlatform({ dataDir, learnEveryMs: 0 });
  const healthy = platform === undefined ? false : (await platform.doctor()).healthy;
  await platform?.close();
  const log = crashed || report.findings.length > 0 ? logged() : '';
  process.stdout.write(`${JSON.stringify({ ...report, crashed, exitCode, healthy, log }, null, 2)}\n`);
  process.exitCode = report.findings.length === 0 && !crashed && exitCode === 0 && healthy ? 0 : 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
