// `node scripts/shelf-table.ts [DATA] [LISTENER…]`: which shelves the Homes of listeners have, as a table. It asks the platform that serves the
// data directory by the command line's own `home`, some pages of each listener, since shelves that are drawn come and go. Without listeners: the cast of the demo.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from '../src/domain/index.ts';
import { SHELVES } from '../src/home/index.ts';

import { CAST } from '../src/simulation/index.ts';
import { shelfGrid } from './shelf-grid.ts';

const PAGES = 4;
const LAUNCHER = fileURLToPath(new URL('../bin/shelfwise', import.meta.url));
const run = promisify(execFile);

const [dataDir, ...named] = process.argv.slice(2);
const listeners = named.length > 0 ? named : CAST.map(({ id }) => id);
const data = dataDir === undefined ? [] : ['--data', dataDir];

async function pageOf(listener: string): Promise<Page> {
  const command = [LAUNCHER, 'home', listener, ...data, '--json', '--fresh', '--device', 'desktop'];
  const { stdout } = await run(process.execPath, command, { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout) as Page;
}

const counts = new Map<string, Map<string, number>>();
for (const listener of listeners) {
  const of = new Map<string, number>();
  counts.set(listener, of);
  for (let n = 0; n < PAGES; n++) {
    const kinds = new Set((await pageOf(listener)).shelves.map(({ kind }) => kind));
    for (const kind of kinds) of.set(kind, (of.get(kind) ?? 0) + 1);
  }
}
process.stdout.write(
  `Pages of ${PAGES} that had the shelf:\n\n${shelfGrid(
    SHELVES.map(({ id }) => id),
    counts,
  )}\n`,
);
