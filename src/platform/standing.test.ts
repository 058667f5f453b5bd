import { describe, expect, it } from 'vitest';
import type { DecisionRecord, FeedbackEvent } from '../domain/index.ts';
import { PageOutline } from './page-outline.ts';
import { createStandingPages, keptOf, type StandingPage } from './standing.ts';

const LIFETIME_MS = 1000;
const PROFILE = {};
const row = (shelfId: string, defined = false, carriedFrom = '') => ({
  shelfId,
  seedItem: 0xffffffff,
  items: [1, 2],
  defined,
  carriedFrom,
});
const pageOf = (decisionId: string, more: Partial<StandingPage> = {}): StandingPage => ({
  decisionId,
  listenerKey: 'l',
  atMs: 0,
  sessionId: '',
  meaningful: 0,
  tunablesHash: 'tunables',
  profile: PROFILE,
  rows: new PageOutline('l', [row('recently-played', true), row('popular'), row('recommended')]),
  record: undefined,
  seen: 0,
  ...more,
});
const asked = { nowMs: 10, sessionId: undefined, tunablesHash: 'tunables' };
const impression = (decisionId: string, shelfRank: number, listenerKey = 'l') =>
  ({ type: 'impression', decisionId, shelfRank, listenerKey }) as FeedbackEvent;

describe('a page', () => {
  it('stands for its lifetime, in its session, under its tunables', () => {
    const pages = createStandingPages(LIFETIME_MS);
    const page = pageOf('a', { sessionId: 's' });
    pages.remember('key', page);
    expect(pages.at('key', asked)).toBe(page);
    expect(pages.at('key', { ...asked, sessionId: 's' })).toBe(page);
    expect(pages.at('key', { ...asked, sessionId: 'other' })).toBeUndefined();
    expect(pages.at('key', { ...asked, nowMs: LIFETIME_MS })).toBeUndefined();
    expect(pages.at('key', { ...asked, tunablesHash: 'others' })).toBeUndefined();
    expect(pages.at('another key', asked)).toBeUndefined();
  });

  it('notes which of its rows its own listener has seen, and the next one keeps these', () => {
    const pages = createStandingPages(LIFETIME_MS);
    const page = pageOf('a');
    pages.remember('key', page);
    pages.noteEvent(impression('a', 0));
    pages.noteEvent(impression('a', 2));
    pages.noteEvent(impression('a', 1, 'somebody else'));
    pages.noteEvent(impression('b', 1));
    const { carried, keptRanks } = keptOf(page);
    expect([...keptRanks]).toEqual([['recently-played', 0]]);
    expect(carried).toEqual([
      { shelfId: 'recommended', seedItem: 0xffffffff, rank: 2, items: [1, 2], decisionId: 'a' },
    ]);
  });

  it('has seen from the start what it carried, which stays with the decision that drew it', () => {
    const rows = new PageOutline('l', [row('popular', false, 'first'), row('recommended')]);
    expect(rows.carriedRows).toBe(1);
    expect(keptOf(pageOf('b', { rows, seen: 1 })).carried.map(({ decisionId }) => decisionId)).toEqual(['first']);
  });

  it('of a listener who is erased is forgotten, and nobody else’s', () => {
    const pages = createStandingPages(LIFETIME_MS);
    pages.remember('one', pageOf('a'));
    pages.remember('two', pageOf('b', { listenerKey: 'm' }));
    expect(pages.forgetListener('l')).toBe(1);
    expect(pages.at('one', asked)).toBeUndefined();
    expect(pages.at('two', asked)).toBeDefined();
  });
});

describe('a private page', () => {
  const record = { decisionId: 'p' } as DecisionRecord;

  it('holds its record, and its decision is known for private after a newer one has taken its place', () => {
    const pages = createStandingPages(LIFETIME_MS);
    pages.remember('key', pageOf('p', { record }));
    expect(pages.privateRecord('p')).toBe(record);
    pages.remember('key', pageOf('q', { record: { ...record, decisionId: 'q' } }));
    expect(pages.privateRecord('p')).toBeUndefined();
    expect(pages.isPrivate('p')).toBe(true);
    pages.remember('open', pageOf('o'));
    expect(pages.isPrivate('o')).toBe(false);
  });

  it('is one of the last 5,000', () => {
    const pages = createStandingPages(LIFETIME_MS);
    for (let i = 0; i <= 5000; i++) pages.remember(`key ${i}`, pageOf(`p${i}`, { record }));
    expect(pages.privateRecord('p0')).toBeUndefined();
    expect(pages.isPrivate('p0')).toBe(true);
    expect(pages.privateRecord('p1')).toBe(record);
  });
});
