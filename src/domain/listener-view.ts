/**
 * The listener's side of the encoder's input, complete and compact: what a decision was made with, in at most 2 KB.
 * All numbers are 32-bit floats or integers, so that the bytes in a record give back exactly what serving used.
 */
import { ByteReader, type ByteWriter, ShelfwiseError } from '../base/index.ts';

export const VIEW_LIMITS = {
  /** Components of the taste vector. */
  taste: 128,
  items: 64,
  creators: 48,
  genres: 32,
  followed: 32,
  liked: 32,
} as const;

export interface ListenerView {
  /** Vocabulary numbers, or -1 where the vocabulary lacks the name. */
  readonly tier: number;
  readonly market: number;
  readonly language: number;
  /** Index into AGE_BANDS. */
  readonly ageBand: number;
  /** Plays ever. */
  readonly totalPlays: number;
  /** Days since the first event; 0 for a new listener. */
  readonly tenureDays: number;
  /** Decayed plays over everything, half-life 7 days. */
  readonly recentPlays: number;
  /** Taste vector in the space of the embedding epoch; empty when there is none. */
  readonly taste: Float32Array;
  /** Items most played of late: numbers, decayed plays (half-life 7 days), days since the last play. Distinct, strongest first. */
  readonly items: Uint32Array;
  readonly itemPlays: Float32Array;
  readonly itemAgeDays: Float32Array;
  /** Creators by decayed plays (half-life 28 days), strongest first. */
  readonly creators: Uint32Array;
  readonly creatorPlays: Float32Array;
  /** Genres by decayed plays (half-life 28 days), strongest first. */
  readonly genres: Uint16Array;
  readonly genrePlays: Float32Array;
  /** Share of plays by hour of day (24, sums to 1, or all 0). */
  readonly hours: Float32Array;
  readonly followed: Uint32Array;
  readonly liked: Uint32Array;
  /** The item played last in this session, or NO_ITEM; and plays in the session so far. */
  readonly sessionItem: number;
  readonly sessionPlays: number;
}

const VIEW_FORMAT = 1;

export function encodeListenerView(view: ListenerView, out: ByteWriter): void {
  out.u8(VIEW_FORMAT);
  out.zigzag(view.tier);
  out.zigzag(view.market);
  out.zigzag(view.language);
  out.u8(view.ageBand);
  out.f32(view.totalPlays);
  out.f32(view.tenureDays);
  out.f32(view.recentPlays);
  floats(view.taste, out);
  integers(view.items, out);
  floats(view.itemPlays, out);
  floats(view.itemAgeDays, out);
  integers(view.creators, out);
  floats(view.creatorPlays, out);
  integers(view.genres, out);
  floats(view.genrePlays, out);
  floats(view.hours, out);
  integers(view.followed, out);
  integers(view.liked, out);
  out.u32(view.sessionItem);
  out.varint(view.sessionPlays);
}

export function decodeListenerView(bytes: Uint8Array): ListenerView {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== VIEW_FORMAT) throw new ShelfwiseError('DECISION_CORRUPT', `listener view format ${format} is unknown`);
  return {
    tier: reader.zigzag(),
    market: reader.zigzag(),
    language: reader.zigzag(),
    ageBand: reader.u8(),
    totalPlays: reader.f32(),
    tenureDays: reader.f32(),
    recentPlays: reader.f32(),
    taste: readFloats(reader),
    items: readIntegers(reader),
    itemPlays: readFloats(reader),
    itemAgeDays: readFloats(reader),
    creators: readIntegers(reader),
    creatorPlays: readFloats(reader),
    genres: Uint16Array.from(readIntegers(reader)),
    genrePlays: readFloats(reader),
    hours: readFloats(reader),
    followed: readIntegers(reader),
    liked: readIntegers(reader),
    sessionItem: reader.u32(),
    sessionPlays: reader.varint(),
  };
}

function floats(array: Float32Array, out: ByteWriter): void {
  out.varint(array.length);
  // Iterators of typed arrays make an object a number.
  for (let i = 0; i < array.length; i++) out.f32(array[i]);
}

function integers(array: Uint32Array | Uint16Array, out: ByteWriter): void {
  out.varint(array.length);
  for (let i = 0; i < array.length; i++) out.varint(array[i]);
}

function readFloats(reader: ByteReader): Float32Array {
  const array = new Float32Array(checkedCount(reader));
  for (let i = 0; i < array.length; i++) array[i] = reader.f32();
  return array;
}

function readIntegers(reader: ByteReader): Uint32Array {
  const array = new Uint32Array(checkedCount(reader));
  for (let i = 0; i < array.length; i++) array[i] = reader.varint();
  return array;
}

function checkedCount(reader: ByteReader): number {
  const count = reader.varint();
  if (count > reader.remaining) throw new ShelfwiseError('DECISION_CORRUPT', `an array of ${count} does not fit`);
  return count;
}
