/**
 * TFRecord framing: u64 LE length, u32 LE masked CRC-32C of those 8 bytes, data, u32 LE masked CRC-32C of the data.
 * mask(crc) = rotate right by 15, plus 0xa282ead8. Source: tensorflow/core/lib/io/record_writer.
 */
import { ShelfwiseError } from '../../base/index.ts';

const TABLE = new Uint32Array(256).map((_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One file of the given records. */
export function encodeRecords(records: readonly Uint8Array[]): Uint8Array {
  const parts = records.flatMap((record) => {
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(BigInt(record.length), 0);
    head.writeUInt32LE(masked(head.subarray(0, 8)), 8);
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(masked(record), 0);
    return [head, record, tail];
  });
  return Uint8Array.from(Buffer.concat(parts));
}

/** Whether a file begins like a TFRecord: by the checksum of its first length. */
export function isRecordFile(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, 12);
  return masked(head.subarray(0, 8)) === head.readUInt32LE(8);
}

/** The records of a file. @throws METADATA_INVALID if it is cut short or a checksum fails */
export function decodeRecords(bytes: Uint8Array): Uint8Array[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const fail = (why: string): never => {
      throw new ShelfwiseError('METADATA_INVALID', `TFRecord ${records.length}, byte ${at}: ${why}`);
    };
    if (file.length - at < 16) fail('is cut short');
    if (masked(file.subarray(at, at + 8)) !== file.readUInt32LE(at + 8)) fail('the checksum of its length fails');
    const length = Number(file.readBigUInt64LE(at));
    if (length > file.length - at - 16) fail('is cut short');
    const record = file.subarray(at + 12, at + 12 + length);
    if (masked(record) !== file.readUInt32LE(at + 12 + length)) fail('its checksum fails');
    records.push(Uint8Array.from(record));
    at += 16 + length;
  }
  return records;
}
