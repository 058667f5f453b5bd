/** `bin/shelfwise` as people start it: on an old Node, as an installed package, beside a running platform, stopped by signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../bin/shelfwise', import.meta.url));
const BINARY = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
const folder = mkdtempSync(join(tmpdir(), 'shelfwise-launcher-'));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Makes a Node say that it is 20: for machines that have no old one. */
const PRETEND_OLD = [
  '--import',
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})",
];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      children.delete(child);
      resolve({ code, out, err });
    });
  });
  /** Resolves with the first line of standard output. */
  const firstLine = async (): Promise<string> => {
    while (!out.includes('\n')) {
      const early = await Promise.race([ended, new Promise<null>((resolve) => setTimeout(() => resolve(null), 50))]);
      if (early !== null) throw new Error(`ended with ${early.code}: ${early.err}`);
    }
    return out.slice(0, out.indexOf('\n'));
  };
  return { child, ended, firstLine };
}

const shelfwise = (...args: string[]) => start(process.execPath, [LAUNCHER, ...args]).ended;
const onOldNode = (...args: string[]) => start(process.execPath, [...PRETEND_OLD, LAUNCHER, ...args]);

describe('the launcher', () => {
  it('starts under whatever Node the machine has', async () => {
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
    const { code, out, err } = await start('/usr/bin/env', [
      '-i',
      `PATH=${path.join(delimiter)}`,
      LAUNCHER,
      '--version',
    ]).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('on an old Node starts the one that the package brings, with the same arguments, and passes on the status', async () => {
    expect(await onOldNode('--version').ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    const usage = await onOldNode('home', '2', '--device', 'a fridge', '--json').ended;
    expect(usage.code).toBe(2);
    expect(JSON.parse(usage.out)).toMatchObject({ error: { message: expect.stringContaining('a fridge') } });
  });

  it('says what is missing rather than starting itself for ever', async () => {
    const env = { ...process.env, SHELFWISE_LAUNCHED: '1' };
    const { code, out, err } = await start(process.execPath, [...PRETEND_OLD, LAUNCHER, '--version'], env).ended;
    expect([code, out]).toEqual([3, '']);
    expect(err).toContain('needs Node 24');
  });

  it('runs the compiled program in an installed package, with the Node that was hoisted beside it', async () => {
    const modules = join(folder, 'app', 'node_modules');
    const installed = join(modules, 'shelfwise');
    mkdirSync(join(installed, 'bin'), { recursive: true });
    mkdirSync(join(installed, 'dist', 'cli'), { recursive: true });
    mkdirSync(join(modules, 'node', 'bin'), { recursive: true });
    mkdirSync(join(modules, '.bin'));
    writeFileSync(join(installed, 'package.json'), '{"name":"shelfwise","type":"module"}');
    writeFileSync(
      join(installed, 'dist', 'cli', 'main.js'),
      'console.log(process.execPath, process.argv.slice(2).join());',
    );
    writeFileSync(join(modules, 'node', 'package.json'), '{"name":"node","version":"24.0.0"}');
    symlinkSync(BINARY, join(modules, 'node', 'bin', 'node'));
    copyFileSync(LAUNCHER, join(installed, 'bin', 'shelfwise'));
    symlinkSync(join('..', 'shelfwise', 'bin', 'shelfwise'), join(modules, '.bin', 'shelfwise'));
    const { code, out } = await start(process.execPath, [
      ...PRETEND_OLD,
      join(modules, '.bin', 'shelfwise'),
      'a',
      'b c',
    ]).ended;
    expect([code, out]).toEqual([0, `${BINARY} a,b c\n`]);
  });
});

describe('a platform started on an old Node', () => {
  it('serves the commands beside it, and stops cleanly on a signal to the launcher', async () => {
    const data = join(folder, 'data');
    const up = onOldNode('up', '--data', data, '--port', '0', '--json');
    const { address, key } = JSON.parse(await up.firstLine()) as { address: string; key: string };
    expect((await fetch(`${address}/readyz`)).status).toBe(200);

    writeFileSync(
      join(folder, 'items.jsonl'),
      '{"id":"a","kind":"track","title":"A"}\n{"id":"b","kind":"track","title":"B"}\n',
    );
    const imported = await shelfwise(
      'import',
      'items',
      join(folder, 'items.jsonl'),
      '--no-fit',
      '--data',
      data,
      '--json',
    );
    expect(imported.code).toBe(0);
    expect(JSON.parse(imported.out)).toMatchObject({ items: { created: 2 } });
    const status = await fetch(`${address}/v1/status`, { headers: { authorization: `Bearer ${key}` } });
    expect(await status.json()).toMatchObject({ items: 2 });
    expect((await shelfwise('listener', 'nobody', '--data', data)).code).toBe(1);

    const second = await shelfwise('up', '--data', data, '--port', '0');
    expect(second.code).toBe(3);
    expect(second.err).toContain('owned by a running platform');

    up.child.kill('SIGINT');
    const ended = await up.ended;
    expect(ended.err).toContain('everything is on disk');
    expect(ended.code).toBe(0);
    expect(existsSync(join(data, 'owner.json'))).toBe(false);
    // Nobody runs now: the same command opens the directory itself.
    const offline = await shelfwise('items', 'get', 'b', '--data', data, '--json');
    expect(JSON.parse(offline.out)).toMatchObject({ id: 'b', title: 'B' });
  });
});
