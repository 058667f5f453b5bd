/** What strace sees of one acknowledged batch: its write to the log, the sync of that file, and only then the answer. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { playOf, startServer, temporaryDir } from './support.ts';

const TRACED = 'pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync';
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

interface Call {
  readonly line: string;
  readonly at: number;
}

/** Calls by the line on which they ended; `fdatasync` runs on a thread of its own and is logged in two halves. */
function ended(lines: readonly string[], call: string, begins: RegExp): Call | undefined {
  const open = new Set<string>();
  for (const [at, line] of lines.entries()) {
    const thread = line.split(' ', 1)[0];
    if (begins.test(line)) {
      if (!line.includes('<unfinished')) return { line, at };
      open.add(thread);
    } else if (open.has(thread) && line.includes(`<... ${call} resumed>`)) return { line, at };
  }
  return undefined;
}

function begun(lines: readonly string[], pattern: RegExp): Call | undefined {
  const at = lines.findIndex((line) => pattern.test(line));
  return at < 0 ? undefined : { line: lines[at], at };
}

it('answers an envelope of events after the sync that follows their write', async (test) => {
  if (!canTrace) {
    test.skip('There is no strace here, or it may not trace.');
    return;
  }
  const dir = temporaryDir('sync');
  const output = join(dir, 'strace.txt');
  const through = ['strace', '-f', '--seccomp-bpf', '-tt', '-y', '-s', '400', '-e', `trace=${TRACED}`, '-o', output];
  const server = await startServer(join(dir, 'data'), { learnEveryMs: 0, stateFlushMs: 600_000 }, through);
  // The first events of a listener also write its key: that is not what is to be seen here.
  await server.send([playOf('before', 'somebody', 'item')]);
  await server.send(Array.from({ length: 3 }, (_, i) => playOf(`traced-${i}`, 'somebody', 'item')));
  await server.stop();

  const lines = readFileSync(output, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.includes('traced-0'));
  expect(from).toBeGreaterThan(0);
  const after = lines.slice(from);
  const log = String.raw`<[^>]*/log/events/\d+\.log>`;
  const write = begun(after, new RegExp(`pwrite64\\(\\d+${log}.*traced-0`));
  const synced = ended(after, 'fdatasync', new RegExp(`fdatasync\\(\\d+${log}`));
  const answer = begun(after, /(write|writev|sendto|sendmsg)\(\d+<(socket|TCP)[^>]*>.*HTTP\/1\.1 200 OK/);
  console.log([write, synced, answer].map((call) => call?.line.replace(/^(.{220}).*/, '$1 …')).join('\n'));
  expect(write?.at).toBe(0);
  expect(synced?.line).toMatch(/= 0$/);
  expect(synced?.at).toBeGreaterThan(write?.at ?? Number.NaN);
  expect(answer?.at).toBeGreaterThan(synced?.at ?? Number.NaN);
});
