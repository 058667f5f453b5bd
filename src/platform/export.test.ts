import { afterAll, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { fittedDir, home, open, removeDirs, START_MS } from './platform-testing.ts';

afterAll(removeDirs);

describe('an archive', () => {
  it('breaks off for nobody else: its reader may go, its listener may be erased, and the platform goes on', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    for (let i = 0; i < 3; i++) await home(platform, 'l3');
    expect(platform.exportListener('nobody')).toBeUndefined();

    const left = platform.exportListener('l3');
    for await (const chunk of left ?? []) {
      expect(Buffer.from(chunk).toString('latin1', 0, 2)).toBe('PK');
      break;
    }

    const chunks: Uint8Array[] = [];
    for await (const chunk of platform.exportListener('l3') ?? []) {
      if (chunks.length === 0) await platform.eraseListener('l3', 'test');
      chunks.push(chunk);
    }
    // Whole: it ends with the record of a central directory.
    const archive = Buffer.concat(chunks);
    expect(archive.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))).toBe(archive.length - 22);
    expect(platform.exportListener('l3')).toBeUndefined();
    expect((await home(platform, 'l4')).shelves.length).toBeGreaterThan(0);
    await platform.close();
  });
});
