/**
 * Configuration files, found and read. TypeScript and JavaScript run in a thread of their own, afresh at every reading: what
 * they import is read anew, and one that loops or throws harms nobody. YAML and JSON are data.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { parse } from 'yaml';
import { messageOf, SECOND_MS, ShelfwiseError, threadScript } from '../../base/index.ts';
import type { LoadedModule } from './load-thread.ts';

/** In this order where there are several. */
export const CONFIG_FILES: readonly string[] = [
  'shelfwise.config.ts',
  'shelfwise.config.mts',
  'shelfwise.config.js',
  'shelfwise.config.mjs',
  'shelfwise.config.yaml',
  'shelfwise.config.yml',
  'shelfwise.config.json',
];

/** What a file says, unchecked. */
export interface LoadedFile {
  readonly given: unknown;
  /** The file, and the files of its own that it imported: a change of any may change what it says. */
  readonly files: readonly string[];
}

/** A file that takes longer than this to say what it wants never will. */
const PATIENCE_MS = 15 * SECOND_MS;

export function findConfiguration(dir: string): string | undefined {
  return CONFIG_FILES.map((name) => join(dir, name)).find((file) => existsSync(file));
}

/** Throws `CONFIG_INVALID` for a file that cannot be read or run. */
export async function loadConfiguration(path: string): Promise<LoadedFile> {
  const file = resolve(path);
  if (!existsSync(file)) throw new ShelfwiseError('CONFIG_INVALID', `there is no file ${file}`);
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
    case '.json':
      return { given: parsed(file), files: [file] };
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs': {
      const { given, imported } = await run(file);
      return { given, files: [file, ...imported] };
    }
    default:
      throw new ShelfwiseError('CONFIG_INVALID', `${file} is neither TypeScript, JavaScript, YAML nor JSON`);
  }
}

function parsed(file: string): unknown {
  try {
    // JSON is YAML. An empty file says nothing.
    return parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new ShelfwiseError('CONFIG_INVALID', `${file}: ${messageOf(error)}`, { cause: error });
  }
}

function run(file: string): Promise<LoadedModule & { readonly type: 'loaded' }> {
  const thread = new Worker(threadScript('load-thread', import.meta.url), {
    workerData: file,
    name: 'configuration',
    stdout: false,
    // A configuration file is no place to steer the program from.
    argv: [],
  });
  return new Promise((resolve, reject) => {
    const refuse = (why: string, cause?: unknown): void =>
      reject(new ShelfwiseError('CONFIG_INVALID', `${file}: ${why}`, { cause }));
    const impatient = setTimeout(() => {
      refuse(`it did not end within ${PATIENCE_MS / SECOND_MS} s`);
      void thread.terminate();
    }, PATIENCE_MS);
    thread.once('message', (message: LoadedModule) => {
      if (message.type === 'loaded') resolve(message);
      else refuse(message.message);
      void thread.terminate();
    });
    thread.once('error', (error) => refuse(messageOf(error), error));
    thread.once('exit', () => {
      clearTimeout(impatient);
      // After an answer this changes nothing.
      refuse('it ended the program');
    });
  });
}
