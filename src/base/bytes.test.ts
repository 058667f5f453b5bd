import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

const write = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((x) => ({ kind: 'u8' as const, x })),
  fc.integer({ min: 0, max: 65535 }).map((x) => ({ kind: 'u16' as const, x })),
  fc.integer({ min: 0, max: 4294967295 }).map((x) => ({ kind: 'u32' as const, x })),
  fc.float({ noNaN: true }).map((x) => ({ kind: 'f32' as const, x })),
  fc.double({ noNaN: true }).map((x) => ({ kind: 'f64' as const, x })),
  fc.maxSafeNat().map((x) => ({ kind: 'varint' as const, x })),
  fc.integer({ min: -4503599627370496, max: 4503599627370495 }).map((x) => ({ kind: 'zigzag' as const, x })),
  fc.string({ unit: 'binary' }).map((x) => ({ kind: 'text' as const, x })),
);

describe('ByteWriter', () => {
  it('gives back everything that was written, wherever the buffer had to grow', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (writes, capacity) => {
        const out = new ByteWriter(capacity);
        for (const { kind, x } of writes) {
          if (kind === 'text') out.text(x);
          else out[kind](x);
        }
        const reader = new ByteReader(out.finish());
        for (const { kind, x } of writes) expect(reader[kind]()).toBe(x);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('keeps the byte that makes the buffer grow', () => {
    const out = new ByteWriter(1);
    out.u8(1);
    out.u8(2);
    out.raw(Uint8Array.of(3, 4, 5));
    expect([...out.finish()]).toEqual([1, 2, 3, 4, 5]);
  });

  it('leaves alone what was taken, whatever is written after it', () => {
    const part = fc.uint8Array({ maxLength: 40 }).map((x) => ({ kind: 'part' as const, x }));
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(write, part), { maxLength: 8 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 100 }),
        (pages, capacity) => {
          const writeOne = (out: ByteWriter, { kind, x }: (typeof pages)[number][number]): void => {
            if (kind === 'part') out.part(Buffer.concat([Buffer.of(7), x, Buffer.of(7)]), 1, 1 + x.length);
            else if (kind === 'text') out.text(x);
            else out[kind](x);
          };
          const out = new ByteWriter(capacity);
          const taken = pages.map((parts) => {
            out.reset();
            for (const one of parts) writeOne(out, one);
            return out.take();
          });
          // As writers give it that nothing was taken of.
          const alone = pages.map((parts) => {
            const other = new ByteWriter(1 << 16);
            for (const one of parts) writeOne(other, one);
            return other.finish();
          });
          expect(taken.map((page) => [...page])).toEqual(alone.map((page) => [...page]));
        },
      ),
    );
  });

  it('does not let anybody take its memory to another thread together with a page', () => {
    const out = new ByteWriter(64);
    out.text('a page');
    const page = out.take();
    expect(() => structuredClone(page, { transfer: [page.buffer] })).toThrow(/transfer/i);
    out.text('the next');
    expect(out.take().toString('latin1', 1)).toBe('the next');
    expect(page.toString('latin1', 1)).toBe('a page');
  });

  it('takes new memory of its capacity when what is left of the old is short', () => {
    const out = new ByteWriter(65_536);
    const page = new Uint8Array(6500);
    const memories = new Set(
      Array.from({ length: 100 }, () => {
        out.reset();
        out.raw(page);
        return out.take().buffer;
      }),
    );
    expect(memories.size).toBe(10);
    for (const { byteLength } of memories) expect(byteLength).toBe(65_536);
  });
});
