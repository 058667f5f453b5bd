import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Migration, openDataDir, readOwner } from './index.ts';
import { processStart } from './owner.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-data-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => path.join(fs.mkdtempSync(path.join(root, 'd')), 'data');

const ownerJson = (dir: string): Record<string, unknown> =>
  JSON.parse(fs.readFileSync(path.join(dir, 'owner.json'), 'utf8')) as Record<string, unknown>;

describe('ownership', () => {
  test('one at a time; the second is told who has it and where', () => {
    const dir = freshDir();
    expect(readOwner(dir)).toBeNull();
    const first = openDataDir(dir);
    first.setAddress('http://127.0.0.1:4321', 'secret');
    expect(readOwner(dir)).toEqual({ pid: process.pid, address: 'http://127.0.0.1:4321', token: 'secret' });
    expect(() => openDataDir(dir)).toThrow(
      expect.objectContaining({
        code: 'ALREADY_OWNED',
        details: { pid: process.pid, address: 'http://127.0.0.1:4321' },
      }),
    );
    if (process.platform !== 'win32') expect(fs.statSync(path.join(dir, 'owner.json')).mode & 0o077).toBe(0);
    first.release();
    first.release();
    expect(readOwner(dir)).toBeNull();
    openDataDir(dir).release();
  });

  test('the lock of a process that was killed is taken over', async () => {
    const dir = freshDir();
    const source = `
      import { openDataDir } from ${JSON.stringify(new URL('./data-dir.ts', import.meta.url).href)};
      openDataDir(${JSON.stringify(dir)}).setAddress('http://127.0.0.1:1', 't');
      process.stdout.write('owned');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(readOwner(dir)?.pid).toBe(child.pid);
    expect(() => openDataDir(dir)).toThrow(expect.objectContaining({ code: 'ALREADY_OWNED' }));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    expect(readOwner(dir)).toBeNull();
    const mine = openDataDir(dir);
    expect(readOwner(dir)?.pid).toBe(process.pid);
    mine.release();
  });

  test.runIf(process.platform === 'linux')('a process that merely has the id of a dead owner is not the owner', () => {
    const dir = freshDir();
    openDataDir(dir).release();
    const owner = { pid: process.ppid, address: '', token: '', startedAtMs: 0 };
    const write = (processStartText: string): void =>
      fs.writeFileSync(path.join(dir, 'owner.json'), JSON.stringify({ ...owner, processStart: processStartText }));
    write(processStart(process.ppid) ?? '');
    expect(readOwner(dir)?.pid).toBe(process.ppid);
    // Where files cannot be locked, the living owner of the file still counts.
    expect(() => openDataDir(dir)).toThrow(expect.objectContaining({ code: 'ALREADY_OWNED' }));
    write('another-boot:123');
    expect(readOwner(dir)).toBeNull();
    const mine = openDataDir(dir);
    expect(ownerJson(dir)['pid']).toBe(process.pid);
    mine.release();
  });

  test('an owner file that does not parse names nobody', () => {
    const dir = freshDir();
    openDataDir(dir).release();
    for (const text of ['', '{"pid":', '[]', '{"pid":"7"}', '{"pid":-1}', 'null']) {
      fs.writeFileSync(path.join(dir, 'owner.json'), text);
      expect(readOwner(dir)).toBeNull();
    }
    openDataDir(dir).release();
  });

  test('of many that want it at once exactly one gets it', async () => {
    const dir = freshDir();
    const source = `
      import { openDataDir } from ${JSON.stringify(new URL('./data-dir.ts', import.meta.url).href)};
      try {
        openDataDir(${JSON.stringify(dir)});
        process.stdout.write('owned');
      } catch (error) {
        process.stdout.write(error.code);
      }
      setTimeout(() => process.exit(0), 1500);`;
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        return new Promise<string>((resolve) =>
          child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
        );
      }),
    );
    expect(outcomes.sort()).toEqual(['ALREADY_OWNED', 'ALREADY_OWNED', 'ALREADY_OWNED', 'owned']);
  });
});

describe('schema', () => {
  const migration = (to: number, run: Migration['run'] = () => {}): Migration => ({ to, what: `to ${to}`, run });

  test('a new directory has the latest version; paths lie within it', () => {
    const dir = freshDir();
    const data = openDataDir(dir, { migrations: [migration(2), migration(3)] });
    expect(JSON.parse(fs.readFileSync(path.join(dir, 'schema.json'), 'utf8'))).toMatchObject({ version: 3 });
    const { log, ...others } = data.paths;
    for (const one of [...Object.values(others), log('events')]) expect(one.startsWith(dir + path.sep)).toBe(true);
    data.release();
  });

  test('an older one is migrated in order, once, and goes on where a failure stopped it', () => {
    const dir = freshDir();
    openDataDir(dir).release();
    const ran: number[] = [];
    const note = (to: number): Migration => migration(to, () => ran.push(to));
    const failing = migration(3, () => {
      throw new Error('no room');
    });
    expect(() => openDataDir(dir, { migrations: [note(2), failing] })).toThrow('no room');
    openDataDir(dir, { migrations: [note(2), note(3)] }).release();
    openDataDir(dir, { migrations: [note(2), note(3)] }).release();
    expect(ran).toEqual([2, 3]);
  });

  test('a later or unreadable one is refused and left alone', () => {
    const dir = freshDir();
    openDataDir(dir).release();
    for (const text of ['{"version":99}', '{"version":"1"}', '{', '']) {
      fs.writeFileSync(path.join(dir, 'schema.json'), text);
      expect(() => openDataDir(dir)).toThrow(expect.objectContaining({ code: 'DATA_DIR_VERSION' }));
      expect(fs.readFileSync(path.join(dir, 'schema.json'), 'utf8')).toBe(text);
      expect(readOwner(dir)).toBeNull();
    }
  });

  test('a folder of other things is refused and left alone', () => {
    const dir = freshDir();
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'thesis.docx'), 'x');
    expect(() => openDataDir(dir)).toThrow(expect.objectContaining({ code: 'DATA_DIR_FOREIGN' }));
    expect(fs.readdirSync(dir)).toEqual(['thesis.docx']);
  });
});
