import { expect, it } from 'vitest';
import type { FeedbackEvent } from '../../domain/index.ts';
import { referencedAmong } from './referenced.ts';

async function* events(...all: readonly (readonly [FeedbackEvent['type'], string])[]): AsyncGenerator<FeedbackEvent> {
  for (const [type, decisionId] of all) yield { type, decisionId } as FeedbackEvent;
}

it('knows which of the decisions events speak of, and which were rendered, in whatever order', async () => {
  const referenced = await referencedAmong(
    ['seen', 'shown', 'early', 'silent'],
    events(
      ['impression', 'seen'],
      ['impression', 'shown'],
      ['rendered', 'shown'],
      ['play', ''],
      ['rendered', 'early'],
      ['select', 'early'],
      ['rendered', 'of another day'],
    ),
  );
  const told = ['seen', 'shown', 'early', 'silent', 'of another day', ''].map((id) => [
    referenced.has(id),
    referenced.isRendered(id),
  ]);
  expect(told).toEqual([
    [true, false],
    [true, true],
    [true, true],
    [false, false],
    [false, false],
    [false, false],
  ]);
});
