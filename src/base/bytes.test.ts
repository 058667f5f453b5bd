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

  it('writes a part of a source as its bytes', () => {
    const out = new ByteWriter(2);
    out.part(Buffer.from('a part of it'), 2, 6);
    out.part(Buffer.from('nothing'), 3, 3);
    expect(out.finish().toString()).toBe('part');
  });
});
