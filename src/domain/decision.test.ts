import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../base/index.ts';
import {
  type DecisionRecord,
  decisionIntact,
  decodeDecision,
  encodeDecision,
  recordIdOf,
  recordTimeMsOf,
} from './index.ts';

const hash = '0'.repeat(32);
const plain: DecisionRecord = {
  decisionId: '01KDVDNA000000000000000000',
  seed: new Uint8Array(16).fill(7),
  listenerKey: 'k'.repeat(32),
  policyId: 'plackett-luce',
  atMs: 1_800_000_000_000,
  device: 'tv',
  market: 'SE',
  tier: 'premium',
  language: 'sv',
  sessionId: 's',
  filter: '',
  marks: [],
  degraded: false,
  versions: {
    tunables: hash,
    encoder: hash,
    kernels: hash,
    catalog: hash,
    counters: hash,
    embedding: '',
    model: '',
  },
  listenerState: new Uint8Array(3),
  shelves: [],
  rows: [],
  removals: [],
  failedSources: [],
  audit: undefined,
};
function stored(record: DecisionRecord): Buffer {
  const out = new ByteWriter();
  encodeDecision(record, out);
  return out.finish();
}

describe('the stored form of a record', () => {
  it('keeps chip and marks', () => {
    for (const record of [
      plain,
      { ...plain, filter: 'podcasts' as const },
      { ...plain, marks: ['unprofiled', 'flagged'] as const },
      { ...plain, filter: 'music' as const, marks: ['policy-off'] as const, degraded: true },
    ]) {
      const bytes = stored(record);
      expect(decodeDecision(bytes)).toEqual(record);
      expect(decisionIntact(bytes)).toBe(true);
      expect(recordIdOf(bytes)).toBe(record.decisionId);
    }
  });

  it('tells its time without the rest, and none where it is cut off before it', () => {
    for (const record of [plain, { ...plain, marks: ['flagged'] as const }]) {
      const bytes = stored(record);
      expect(recordTimeMsOf(bytes)).toBe(record.atMs);
      // Format, id, seed, listener, policy, time.
      const end = 1 + 27 + 16 + 33 + 14 + 8;
      expect(recordTimeMsOf(bytes.subarray(0, end))).toBe(record.atMs);
      for (let length = 0; length < end; length++) expect(recordTimeMsOf(bytes.subarray(0, length))).toBeNaN();
    }
  });

  it('is that of before where it has neither, so that what sealed a record opens it', () => {
    expect(stored(plain)[0]).toBe(1);
    expect(stored({ ...plain, marks: ['flagged'] })[0]).toBe(2);
    expect(stored(decodeDecision(stored(plain))).equals(stored(plain))).toBe(true);
  });

  it('is refused in another format, or with a chip that there is not', () => {
    const other = stored(plain);
    other[0] = 9;
    expect(() => decodeDecision(other)).toThrow(/format 9/);
    const bytes = stored({ ...plain, filter: 'music' });
    bytes.write('mafia', bytes.indexOf('music'));
    expect(() => decodeDecision(bytes)).toThrow(/unknown filter "mafia"/);
  });
});
