import { describe, expect, it } from 'vitest';
import type { IncomingEvent } from '../domain/index.ts';
import { createDemoWorld, historyBatches } from './index.ts';

const SMALL = { seed: 6, items: 600, listeners: 40, days: 20, endMs: Date.UTC(2026, 10, 24, 16, 20) };
const ROWS = 30;

describe('a history made in a thread of its own', () => {
  it('is that of the world, in full envelopes but the last, also when the reader is slower than the thread', async () => {
    const { batches, close } = historyBatches(SMALL, ROWS);
    const envelopes: (readonly IncomingEvent[])[] = [];
    for await (const events of batches) {
      // The thread is far ahead by then, and waits.
      if (envelopes.length === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      envelopes.push(events);
    }
    await close();
    const expected = [...createDemoWorld(SMALL).history()];
    expect(envelopes.length).toBeGreaterThan(100);
    for (const events of envelopes.slice(0, -1)) expect(events).toHaveLength(ROWS);
    expect(envelopes.flat()).toEqual(expected);
  });

  it('ends where its reader leaves it', async () => {
    const { batches, close } = historyBatches(SMALL, ROWS);
    for await (const events of batches) {
      expect(events).toHaveLength(ROWS);
      break;
    }
    await close();
  });

  it('fails to its reader when there can be no such world', async () => {
    const { batches, close } = historyBatches({ ...SMALL, items: 3 }, ROWS);
    const read = async () => {
      for await (const _ of batches) throw new Error('nothing can come');
    };
    await expect(read()).rejects.toThrow(/items/);
    await close();
  });
});
