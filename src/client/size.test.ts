import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { describe, expect, it } from 'vitest';

const MOST_BYTES = 8 * 1024;

async function bundleOf(entry: string): Promise<Rollup.OutputChunk[]> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      rollupOptions: {
        input: fileURLToPath(new URL(entry, import.meta.url)),
        external: ['react'],
        preserveEntrySignatures: 'strict',
      },
    },
  });
  const [{ output }] = [built].flat() as Rollup.RollupOutput[];
  return output.filter((part): part is Rollup.OutputChunk => part.type === 'chunk');
}

describe('the bundle', () => {
  it('of the client is smaller than 8 kB gzipped, and brings nothing but the client', async () => {
    const chunks = await bundleOf('./index.ts');
    expect(chunks.flatMap(({ imports }) => imports)).toEqual([]);
    for (const id of chunks.flatMap(({ moduleIds }) => moduleIds)) expect(id).toMatch(/src\/client\/[\w-]+\.ts$/);
    const bytes = gzipSync(chunks.map(({ code }) => code).join('')).length;
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  it('of the hooks asks the app for React, and brings none', async () => {
    const chunks = await bundleOf('./react.ts');
    expect(chunks.flatMap(({ imports }) => imports)).toEqual(['react']);
    expect(gzipSync(chunks.map(({ code }) => code).join('')).length).toBeLessThan(1024);
  });
});
