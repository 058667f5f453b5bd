/** How often some bytes stand in a file, wherever in it: read in chunks that overlap. */
import fs from 'node:fs';
import { turn } from './lake.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

export async function searchFile(
  file: string,
  needle: Uint8Array,
): Promise<{ readonly bytes: number; readonly found: number }> {
  const handle = await fs.promises.open(file, 'r');
  try {
    const keep = needle.length - 1;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES + keep);
    let kept = 0;
    let bytes = 0;
    let found = 0;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, kept, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, found };
      bytes += bytesRead;
      const held = chunk.subarray(0, kept + bytesRead);
      for (let at = held.indexOf(needle); at >= 0; at = held.indexOf(needle, at + 1)) found++;
      kept = Math.min(keep, held.length);
      held.copyWithin(0, held.length - kept);
      await turn();
    }
  } finally {
    await handle.close();
  }
}
