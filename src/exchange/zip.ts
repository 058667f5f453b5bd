/**
 * Reading ZIP archives (PKWARE APPNOTE 6.3), as exports of services are sent: stored and deflated entries, ZIP64, no encryption.
 * Entries are read one at a time; nothing is written to disk, so that names in an archive lead nowhere.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { messageOf, ShelfwiseError } from '../base/index.ts';

export interface ZipEntry {
  readonly name: string;
  /** Of the content. */
  readonly bytes: number;
  /** Throws a plain error that says why it cannot be read. */
  read(): Buffer;
}

export interface ZipArchive {
  readonly entries: readonly ZipEntry[];
  close(): void;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const ESCAPE16 = 0xffff;
const ESCAPE32 = 0xffffffff;
const EXTRA64 = 1;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** An entry that claims more is not read: a bomb, or no file of rows. */
export const MAX_ENTRY_BYTES = 512 * 1024 * 1024;
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

/** Throws `OPTION_INVALID` for a file that is missing or no archive. */
export function openZip(file: string): ZipArchive {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  try {
    return { entries: readDirectory(descriptor), close: () => closeSync(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    throw new ShelfwiseError('OPTION_INVALID', `${file} is no ZIP archive that can be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readAt(descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const more = readSync(descriptor, bytes, read, length - read, at + read);
    if (more === 0) throw new Error('it ends too early');
    read += more;
  }
  return bytes;
}

function readDirectory(descriptor: number): ZipEntry[] {
  const { size } = fstatSync(descriptor);
  // The end of the directory stands before a comment of at most 65,535 bytes.
  const tailAt = Math.max(0, size - END_BYTES - ESCAPE16);
  const tail = readAt(descriptor, tailAt, size - tailAt);
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error('it has no directory');
  let bytes = tail.readUInt32LE(end + 12);
  let at = tail.readUInt32LE(end + 16);
  const locatorAt = tailAt + end - LOCATOR64_BYTES;
  if ((at === ESCAPE32 || bytes === ESCAPE32 || tail.readUInt16LE(end + 10) === ESCAPE16) && locatorAt >= 0) {
    const locator = readAt(descriptor, locatorAt, LOCATOR64_BYTES);
    if (locator.readUInt32LE(0) === LOCATOR64) {
      const end64 = readAt(descriptor, Number(locator.readBigUInt64LE(8)), 56);
      if (end64.readUInt32LE(0) !== END64) throw new Error('its ZIP64 directory is damaged');
      bytes = Number(end64.readBigUInt64LE(40));
      at = Number(end64.readBigUInt64LE(48));
    }
  }
  if (bytes > MAX_DIRECTORY_BYTES || at + bytes > size) throw new Error('its directory is damaged');
  const directory = readAt(descriptor, at, bytes);
  const entries: ZipEntry[] = [];
  for (let here = 0; here + 46 <= directory.length; ) {
    if (directory.readUInt32LE(here) !== CENTRAL) throw new Error('its directory is damaged');
    const nameLength = directory.readUInt16LE(here + 28);
    const extraLength = directory.readUInt16LE(here + 30);
    const header = directory.subarray(here, here + 46 + nameLength + extraLength);
    entries.push(entryOf(descriptor, header, nameLength));
    here += header.length + directory.readUInt16LE(here + 32);
  }
  return entries;
}

function entryOf(descriptor: number, header: Buffer, nameLength: number): ZipEntry {
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  const checksum = header.readUInt32LE(16);
  const name = header.subarray(46, 46 + nameLength).toString('utf8');
  const sizes = sizesOf(header, header.subarray(46 + nameLength));
  return {
    name,
    bytes: sizes.content,
    read() {
      if ((flags & ENCRYPTED) !== 0) throw new Error('it is encrypted');
      if (method !== STORED && method !== DEFLATED) throw new Error(`it is compressed by method ${method}`);
      if (sizes.content > MAX_ENTRY_BYTES) throw new Error(`it is larger than ${MAX_ENTRY_BYTES} bytes`);
      const local = readAt(descriptor, sizes.localAt, LOCAL_BYTES);
      if (local.readUInt32LE(0) !== LOCAL) throw new Error('it is damaged');
      const dataAt = sizes.localAt + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
      const stored = readAt(descriptor, dataAt, sizes.stored);
      const content =
        method === STORED ? stored : inflateRawSync(stored, { maxOutputLength: Math.max(1, sizes.content) });
      if (crc32(content) !== checksum) throw new Error('it is damaged');
      return content;
    },
  };
}

/** From the header, or from the ZIP64 extra where the header has no room. */
function sizesOf(header: Buffer, extra: Buffer): { stored: number; content: number; localAt: number } {
  let stored = header.readUInt32LE(20);
  let content = header.readUInt32LE(24);
  let localAt = header.readUInt32LE(42);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== EXTRA64) continue;
    let next = at + 4;
    const wide = (): number => {
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    };
    if (content === ESCAPE32) content = wide();
    if (stored === ESCAPE32) stored = wide();
    if (localAt === ESCAPE32) localAt = wide();
  }
  return { stored, content, localAt };
}
