/** LZ4 frames, as Arrow compresses buffers (https://github.com/lz4/lz4/tree/dev/doc, frame format 1.6). */

const MAGIC = 0x184d2204;

/** @throws RangeError for what is no frame, or of another length. Checksums are not checked. */
export function decompressLz4Frame(frame: Uint8Array, length: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no LZ4 frame');
  const flags = frame[4];
  const withContentSize = (flags & 8) !== 0;
  const withBlockChecksum = (flags & 16) !== 0;
  const withDictionary = (flags & 1) !== 0;
  let at = 6 + (withContentSize ? 8 : 0) + (withDictionary ? 4 : 0) + 1;
  const out = new Uint8Array(length);
  let written = 0;
  for (;;) {
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) break;
    const size = head & 0x7fffffff;
    const block = frame.subarray(at, at + size);
    if (block.length < size) throw new RangeError('an LZ4 block is cut off');
    if (head >>> 31 === 1) {
      out.set(block, written);
      written += size;
    } else written = decompressBlock(block, out, written);
    at += size + (withBlockChecksum ? 4 : 0);
  }
  if (written !== length) throw new RangeError(`an LZ4 frame of ${written} bytes, not ${length}`);
  return out;
}

/** Sequences of literals and of copies from what was written before. Where the output ends. */
function decompressBlock(block: Uint8Array, out: Uint8Array, from: number): number {
  let [at, to] = [0, from];
  const extended = (start: number): number => {
    let length = start;
    if (start !== 15) return length;
    for (let more = 255; more === 255; ) {
      if (at >= block.length) throw new RangeError('an LZ4 block is cut off');
      more = block[at++];
      length += more;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = extended(token >> 4);
    if (at + literals > block.length || to + literals > out.length) throw new RangeError('an LZ4 block is too long');
    out.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === block.length) break;
    const distance = block[at] | (block[at + 1] << 8);
    at += 2;
    const copied = extended(token & 15) + 4;
    if (distance === 0 || distance > to || to + copied > out.length) throw new RangeError('an LZ4 copy from nowhere');
    // Byte by byte: what is copied may overlap what it makes.
    for (let i = 0; i < copied; i++, to++) out[to] = out[to - distance];
  }
  return to;
}
