/**
 * The record of a decision: everything with which the page can be recomputed bit for bit, given the epochs it names.
 * Features are not stored; the shared encoder recomputes them. One decision in fifty also carries an audit: the matrix,
 * scores, distributions and removed items that it was really made with.
 */
import { ByteReader, type ByteWriter, contentHash, ShelfwiseError } from '../base/index.ts';
import { DEVICES, type Device, HOME_FILTERS, type HomeFilter } from './context.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of time and 80 bits of the seed's entropy, 26 characters, ordered by time. */
export function decisionIdOf(atMs: number, entropy: Uint8Array): string {
  let id = '';
  let time = atMs;
  for (let i = 0; i < 10; i++) {
    id = CROCKFORD[time % 32] + id;
    time = Math.floor(time / 32);
  }
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < 16; i++) {
    if (held < 5) {
      bits = (bits << 8) | entropy[at++];
      held += 8;
    }
    held -= 5;
    id += CROCKFORD[(bits >>> held) & 31];
    bits &= (1 << held) - 1;
  }
  return id;
}

/** The time in a decision's id, epoch milliseconds. */
export function decisionTimeMs(decisionId: string): number {
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + CROCKFORD.indexOf(decisionId[i]);
  return time;
}

/** Hashes of everything shared that the decision read: 32 hexadecimal digits each, or '' where there was none. */
export interface DecisionVersions {
  readonly tunables: string;
  readonly encoder: string;
  readonly kernels: string;
  readonly catalog: string;
  readonly counters: string;
  readonly embedding: string;
  readonly model: string;
}
export const VERSION_NAMES = ['tunables', 'encoder', 'kernels', 'catalog', 'counters', 'embedding', 'model'] as const;

/** Row of cards in a fixed order (defined), or drawn by the policy. */
export const SHELF_ORDERS = ['policy', 'defined'] as const;
export type ShelfOrder = (typeof SHELF_ORDERS)[number];

/** One eligible shelf, shown or not, with its candidates after filters. */
export interface RecordedShelf {
  /** The declaration, such as `more-like`. */
  readonly shelfId: string;
  /** The item that the shelf is about (X of "More like X"), or NO_ITEM. */
  readonly seedItem: number;
  readonly order: ShelfOrder;
  /** Page rank that the shelf is pinned to, or -1. */
  readonly pinnedRank: number;
  readonly minCards: number;
  readonly maxCards: number;
  /** The decision that first drew this row, when it is carried; '' otherwise. */
  readonly carriedFrom: string;
  /** Item numbers: ascending for `policy`, in their order for `defined`. */
  readonly items: Uint32Array;
  /** Bit s: the s-th source of the home's declaration proposed the candidate. */
  readonly sources: Uint8Array;
}

export interface RecordedCard {
  /** Index into the shelf's items. */
  readonly index: number;
  /** Conditional propensity given the prefix; 1 when forced. */
  readonly propensity: number;
  readonly forced: boolean;
}

export interface RecordedRow {
  /** Index into `shelves`. */
  readonly shelf: number;
  readonly propensity: number;
  readonly forced: boolean;
  readonly cards: readonly RecordedCard[];
}

export interface Removal {
  readonly shelfId: string;
  readonly reason: string;
  readonly count: number;
}

export interface DecisionAudit {
  /** Features of all candidates, shelf by shelf: rows x dense floats and rows x sparse slots. */
  readonly dense: Float32Array;
  readonly sparse: Uint32Array;
  /** One per candidate. */
  readonly scores: Float64Array;
  /** The probabilities of every step in page order, shelf step then card steps, each over its actions. */
  readonly distributions: readonly Float64Array[];
  /** Items removed before the draw, with the index of the reason in `removals`. */
  readonly removed: readonly { readonly item: number; readonly removal: number }[];
}

/**
 * What sets a decision apart from what a policy decides for a listener it knows. Position is the bit in records: append only.
 *  - `unprofiled`: the listener's state was not read, nothing is personal;
 *  - `policy-off`: the policy is switched off, popularity stood in for it;
 *  - `flagged`: traffic that counts in no popularity and trains nothing;
 *  - `policy-unmet`: the model lacks what the policy needs beside scores, popularity stood in for it.
 */
export const DECISION_MARKS = ['unprofiled', 'policy-off', 'flagged', 'policy-unmet'] as const;
export type DecisionMark = (typeof DECISION_MARKS)[number];

export interface DecisionRecord {
  readonly decisionId: string;
  /** 16 bytes. */
  readonly seed: Uint8Array;
  readonly listenerKey: string;
  readonly policyId: string;
  readonly atMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly language: string;
  readonly sessionId: string;
  /** The chip that the page is narrowed to; '' for the whole Home. */
  readonly filter: HomeFilter | '';
  readonly marks: readonly DecisionMark[];
  /** A stage failed open, or the page is the fallback: never evaluated as if randomised. */
  readonly degraded: boolean;
  readonly versions: DecisionVersions;
  /** The encoder's input on the listener's side, encrypted with the listener's key. */
  readonly listenerState: Uint8Array;
  readonly shelves: readonly RecordedShelf[];
  readonly rows: readonly RecordedRow[];
  readonly removals: readonly Removal[];
  readonly failedSources: readonly string[];
  readonly audit: DecisionAudit | undefined;
}

/** Without chip and marks. A record that has neither is stored so still, bit for bit as before. */
const PLAIN_FORMAT = 1;
const RECORD_FORMAT = 2;
const DIGEST_BYTES = 16;

/**
 * The stored form: a format byte, the fields, and a digest over all that precedes it.
 * @param seal gives the bytes of `listenerState`, of the length that the record's has, from the bytes of everything else
 * (the state's own place is as in `record`): so that the state does not open once anything else was altered.
 */
export function encodeDecision(
  record: DecisionRecord,
  out: ByteWriter,
  seal?: (everythingElse: Uint8Array) => Uint8Array,
): void {
  const start = out.length;
  const isPlain = record.filter === '' && record.marks.length === 0;
  out.u8(isPlain ? PLAIN_FORMAT : RECORD_FORMAT);
  out.text(record.decisionId);
  out.raw(record.seed);
  out.text(record.listenerKey);
  out.text(record.policyId);
  out.f64(record.atMs);
  out.u8(DEVICES.indexOf(record.device));
  out.text(record.market);
  out.text(record.tier);
  out.text(record.language);
  out.text(record.sessionId);
  if (!isPlain) {
    out.text(record.filter);
    out.varint(record.marks.reduce((bits, mark) => bits | (1 << DECISION_MARKS.indexOf(mark)), 0));
  }
  out.u8((record.degraded ? 1 : 0) | (record.audit === undefined ? 0 : 2));
  for (const name of VERSION_NAMES) out.bytes(bytesOfHash(record.versions[name]));
  out.bytes(record.listenerState);
  const stateEnd = out.length;
  out.varint(record.shelves.length);
  for (const shelf of record.shelves) encodeShelf(shelf, out);
  out.varint(record.rows.length);
  for (const row of record.rows) {
    out.varint(row.shelf);
    encodeChoice(row, out);
    out.varint(row.cards.length);
    for (const card of row.cards) {
      out.varint(card.index);
      encodeChoice(card, out);
    }
  }
  out.varint(record.removals.length);
  for (const removal of record.removals) {
    out.text(removal.shelfId);
    out.text(removal.reason);
    out.varint(removal.count);
  }
  out.varint(record.failedSources.length);
  for (const source of record.failedSources) out.text(source);
  if (record.audit !== undefined) encodeAudit(record.audit, out);
  if (seal !== undefined) {
    const sealed = seal(out.view().subarray(start));
    out.view().set(sealed, stateEnd - record.listenerState.length);
  }
  out.raw(Buffer.from(contentHash(out.view().subarray(start)), 'hex'));
}

/** Versions hardly change from one decision to the next. */
const KEPT_HASHES = 256;
const keptHashes = new Map<string, Uint8Array>();

function bytesOfHash(hex: string): Uint8Array {
  let bytes = keptHashes.get(hex);
  if (bytes === undefined) {
    bytes = Buffer.from(hex, 'hex');
    if (keptHashes.size >= KEPT_HASHES) keptHashes.clear();
    keptHashes.set(hex, bytes);
  }
  return bytes;
}

/** p = 1 and forced is one byte; everything else keeps all 64 bits of p. */
function encodeChoice(choice: { propensity: number; forced: boolean }, out: ByteWriter): void {
  out.u8(choice.forced ? 1 : 0);
  if (!choice.forced) out.f64(choice.propensity);
}

function encodeShelf(shelf: RecordedShelf, out: ByteWriter): void {
  out.text(shelf.shelfId);
  out.u32(shelf.seedItem);
  out.u8(shelf.order === 'defined' ? 1 : 0);
  out.zigzag(shelf.pinnedRank);
  out.varint(shelf.minCards);
  out.varint(shelf.maxCards);
  out.text(shelf.carriedFrom);
  out.varint(shelf.items.length);
  let previous = 0;
  // Iterators of typed arrays make an object a number.
  for (let i = 0; i < shelf.items.length; i++) {
    out.zigzag(shelf.items[i] - previous);
    previous = shelf.items[i];
  }
  out.raw(shelf.sources);
}

function encodeAudit(audit: DecisionAudit, out: ByteWriter): void {
  out.bytes(bytesOf(audit.dense));
  out.bytes(bytesOf(audit.sparse));
  out.bytes(bytesOf(audit.scores));
  out.varint(audit.distributions.length);
  for (const distribution of audit.distributions) out.bytes(bytesOf(distribution));
  out.varint(audit.removed.length);
  for (const { item, removal } of audit.removed) {
    out.varint(item);
    out.varint(removal);
  }
}

function bytesOf(array: Float32Array | Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Does the digest at the end match the bytes before it? */
export function decisionIntact(bytes: Uint8Array): boolean {
  if (bytes.length <= DIGEST_BYTES) return false;
  const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  return contentHash(body) === Buffer.from(bytes.subarray(bytes.length - DIGEST_BYTES)).toString('hex');
}

/** The decision that a stored record is of; '' when it does not read. */
export function recordIdOf(bytes: Uint8Array): string {
  // A format byte, the length of the id, the id.
  return bytes.length > 28 && (bytes[0] === PLAIN_FORMAT || bytes[0] === RECORD_FORMAT) && bytes[1] === 26
    ? Buffer.from(bytes.buffer, bytes.byteOffset + 2, 26).toString('latin1')
    : '';
}

/** The time for which a record was decided, epoch milliseconds, without reading the rest; NaN for what is no record. */
export function recordTimeMsOf(bytes: Uint8Array): number {
  if (recordIdOf(bytes) === '') return Number.NaN;
  try {
    const reader = new ByteReader(bytes);
    reader.u8();
    // Id, seed, listener, policy.
    reader.bytes();
    reader.raw(16);
    reader.bytes();
    reader.bytes();
    return reader.f64();
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'DECISION_CORRUPT') return Number.NaN;
    throw error;
  }
}

/** Reads what `encodeDecision` wrote; throws `DECISION_CORRUPT`. The digest is the business of `decisionIntact`. */
export function decodeDecision(bytes: Uint8Array): DecisionRecord {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== PLAIN_FORMAT && format !== RECORD_FORMAT)
    throw new ShelfwiseError('DECISION_CORRUPT', `record format ${format} is unknown`);
  const decisionId = reader.text();
  const seed = reader.raw(16).slice();
  const listenerKey = reader.text();
  const policyId = reader.text();
  const atMs = reader.f64();
  const device = DEVICES[reader.u8()];
  if (device === undefined) throw new ShelfwiseError('DECISION_CORRUPT', 'unknown device');
  const market = reader.text();
  const tier = reader.text();
  const language = reader.text();
  const sessionId = reader.text();
  const filter = format === PLAIN_FORMAT ? '' : filterNamed(reader.text());
  const markBits = format === PLAIN_FORMAT ? 0 : reader.varint();
  const flags = reader.u8();
  const versions = Object.fromEntries(
    VERSION_NAMES.map((name) => [name, Buffer.from(reader.bytes()).toString('hex')]),
  ) as unknown as DecisionVersions;
  const listenerState = reader.bytes().slice();
  const shelves = times(reader.varint(), () => decodeShelf(reader));
  const rows = times(reader.varint(), (): RecordedRow => {
    const shelf = reader.varint();
    const choice = decodeChoice(reader);
    return {
      shelf,
      ...choice,
      cards: times(reader.varint(), () => ({ index: reader.varint(), ...decodeChoice(reader) })),
    };
  });
  const removals = times(reader.varint(), () => ({
    shelfId: reader.text(),
    reason: reader.text(),
    count: reader.varint(),
  }));
  const failedSources = times(reader.varint(), () => reader.text());
  const audit = (flags & 2) === 0 ? undefined : decodeAudit(reader);
  return {
    decisionId,
    seed,
    listenerKey,
    policyId,
    atMs,
    device,
    market,
    tier,
    language,
    sessionId,
    filter,
    marks: DECISION_MARKS.filter((_mark, bit) => (markBits & (1 << bit)) !== 0),
    degraded: (flags & 1) !== 0,
    versions,
    listenerState,
    shelves,
    rows,
    removals,
    failedSources,
    audit,
  };
}

function filterNamed(name: string): HomeFilter | '' {
  const filter = HOME_FILTERS.find((one) => one === name);
  if (filter === undefined && name !== '') throw new ShelfwiseError('DECISION_CORRUPT', `unknown filter "${name}"`);
  return filter ?? '';
}

function times<T>(count: number, read: () => T): T[] {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(read());
  return list;
}

function decodeChoice(reader: ByteReader): { propensity: number; forced: boolean } {
  const forced = reader.u8() === 1;
  return { forced, propensity: forced ? 1 : reader.f64() };
}

function decodeShelf(reader: ByteReader): RecordedShelf {
  const shelfId = reader.text();
  const seedItem = reader.u32();
  const order: ShelfOrder = reader.u8() === 1 ? 'defined' : 'policy';
  const pinnedRank = reader.zigzag();
  const minCards = reader.varint();
  const maxCards = reader.varint();
  const carriedFrom = reader.text();
  const count = reader.varint();
  if (count > reader.remaining)
    throw new ShelfwiseError('DECISION_CORRUPT', `a shelf of ${count} candidates does not fit`);
  const items = new Uint32Array(count);
  let previous = 0;
  for (let i = 0; i < count; i++) {
    previous += reader.zigzag();
    items[i] = previous;
  }
  const sources = reader.raw(count).slice();
  return { shelfId, seedItem, order, pinnedRank, minCards, maxCards, carriedFrom, items, sources };
}

function decodeAudit(reader: ByteReader): DecisionAudit {
  const dense = new Float32Array(aligned(reader.bytes()));
  const sparse = new Uint32Array(aligned(reader.bytes()));
  const scores = new Float64Array(aligned(reader.bytes()));
  const distributions = times(reader.varint(), () => new Float64Array(aligned(reader.bytes())));
  const removed = times(reader.varint(), () => ({ item: reader.varint(), removal: reader.varint() }));
  return { dense, sparse, scores, distributions, removed };
}

function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

/** One time that a decision's page (or part of it) was sent. */
export interface Serving {
  readonly decisionId: string;
  readonly listenerKey: string;
  readonly atMs: number;
  readonly reason: 'first' | 'refresh' | 'cursor';
}

export function encodeServing(serving: Serving, out: ByteWriter): void {
  out.u8(1);
  out.text(serving.decisionId);
  out.text(serving.listenerKey);
  out.f64(serving.atMs);
  out.text(serving.reason);
}

export function decodeServing(bytes: Uint8Array): Serving {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== 1) throw new ShelfwiseError('DECISION_CORRUPT', `serving format ${format} is unknown`);
  return {
    decisionId: reader.text(),
    listenerKey: reader.text(),
    atMs: reader.f64(),
    reason: reader.text() as Serving['reason'],
  };
}
