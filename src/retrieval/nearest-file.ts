/**
 * What `createNearest` works out, kept in files, so that a thread that others wait for need only read it: the order of the
 * items, and the graph where there is one. The files are derived: when they are missing, damaged or another embedding's,
 * nothing is lost but time.
 *
 * `FILE` is the graph, `FILE.order` the items, `FILE.json` says whose they are and their hashes; it is written last.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { contentHash } from '../base/index.ts';
import type { Embedding } from '../domain/index.ts';
import {
  buildGraph,
  EXACT_LIMIT,
  emptyGraph,
  fillScan,
  GRAPH_SETTINGS,
  headOf,
  type Nearest,
  type NearestOptions,
  nearestOf,
  planNearest,
} from './nearest.ts';

/** Changes with anything that makes older files unusable. */
const FORMAT = 2;
/** Bytes hashed between two turns of the thread: a fraction of a millisecond. */
const HASH_BYTES = 256 * 1024;

interface Contents {
  /** Of the embedding and of everything else that decides what is in the files. */
  readonly identity: string;
  readonly orderHash: string;
  /** '' where everything is scanned. */
  readonly graphHash: string;
}

/** Works out how the embedding is searched and stores it, unless it is there, whole. Builds the graph where one is wanted. */
export async function prepareNearest(embedding: Embedding, file: string, options: NearestOptions = {}): Promise<void> {
  const exactLimit = options.exactLimit ?? EXACT_LIMIT;
  const identity = identityOf(embedding, exactLimit);
  if ((await readContents(file, identity)) !== undefined) return;
  const { items, scanned } = planNearest(embedding, exactLimit);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(`${file}.json`, { force: true });
  const order = Buffer.from(items.buffer, items.byteOffset, items.byteLength);
  replace(`${file}.order`, (temporary) => writeFileSync(temporary, order));
  let graphHash = '';
  if (scanned < items.length) {
    const graph = emptyGraph(embedding);
    buildGraph(graph, embedding, items.subarray(scanned), options.onProgress);
    replace(file, (temporary) => graph.save(temporary));
    graphHash = await hashOf(file);
  }
  const contents: Contents = { identity, orderHash: contentHash(order), graphHash };
  replace(`${file}.json`, (temporary) => writeFileSync(temporary, JSON.stringify(contents)));
}

/**
 * What was prepared for this very embedding, read in portions of about a millisecond; undefined when it is not there or
 * not whole. The graph stays in its file, of which the system keeps in memory what is searched: the file may be replaced
 * or removed meanwhile, not altered. A damaged file is never handed to the native loader.
 */
export async function openNearest(
  embedding: Embedding,
  file: string,
  options: Pick<NearestOptions, 'exactLimit'> = {},
): Promise<Nearest | undefined> {
  const exactLimit = options.exactLimit ?? EXACT_LIMIT;
  const found = await readContents(file, identityOf(embedding, exactLimit));
  if (found === undefined) return undefined;
  const { items, graphHash } = found;
  const filling = fillScan(embedding, graphHash === '' ? items : items.subarray(0, headOf(exactLimit)));
  let scan = filling.next();
  for (; scan.done !== true; scan = filling.next()) await turn();
  if (graphHash === '') return nearestOf(embedding, items, scan.value);
  const graph = emptyGraph(embedding);
  graph.view(file);
  return nearestOf(embedding, items, scan.value, graph);
}

function identityOf(embedding: Embedding, exactLimit: number): string {
  return contentHash(`${FORMAT} ${embedding.hash} ${exactLimit} ${GRAPH_SETTINGS}`);
}

/** Undefined unless every file is there, whole and of this identity. */
async function readContents(
  file: string,
  identity: string,
): Promise<(Contents & { readonly items: Uint32Array }) | undefined> {
  try {
    const contents = parse(await readFile(`${file}.json`, 'utf8'));
    if (contents?.identity !== identity) return undefined;
    const order = await readFile(`${file}.order`);
    if (contentHash(order) !== contents.orderHash) return undefined;
    if (contents.graphHash !== '' && (await hashOf(file)) !== contents.graphHash) return undefined;
    return { ...contents, items: new Uint32Array(new Uint8Array(order).buffer) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Contents | undefined {
  try {
    // With the identity of this format it is what `prepareNearest` wrote.
    return JSON.parse(text) as Contents;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As `contentHash` of the whole file. */
async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(HASH_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, HASH_BYTES);
      if (bytesRead === 0) return hash.digest('hex').slice(0, 32);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** Whoever has the old file open keeps it. */
function replace(file: string, write: (temporary: string) => void): void {
  const temporary = `${file}.tmp`;
  write(temporary);
  renameSync(temporary, file);
}
