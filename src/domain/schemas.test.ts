import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../base/index.ts';
import { EventSchema, IdSchema, ItemSchema, ListenerProfileSchema } from './index.ts';

const HIGH = '\ud800';
const LOW = '\udc00';
const broken = [HIGH, LOW, `a${HIGH}b`, `${LOW}${HIGH}`, `😀${HIGH}`, `${HIGH}😀`];
const whole = ['a', '😀', `${HIGH}${LOW}`, 'Björk 🎧 音楽', '\u{10ffff}'];

const id = Compile(IdSchema);
const item = Compile(ItemSchema);
const event = Compile(EventSchema);
const profile = Compile(ListenerProfileSchema);

const goodItem = { id: 'i', kind: 'track', title: 'T' };
const goodEvent = { eventId: 'e', listenerId: 'l', occurredAt: '2026-01-01T00:00:00Z', type: 'like', itemId: 'i' };

describe('ids and texts', () => {
  it('are strings that UTF-8 can tell apart: halves of surrogate pairs are refused, pairs are not', () => {
    expect(utf8(HIGH)).toEqual(utf8(LOW));
    for (const text of broken) expect([text, id.Check(text)]).toEqual([text, false]);
    for (const text of whole) expect([text, id.Check(text)]).toEqual([text, true]);
  });

  it('are refused in every field of items, events and profiles', () => {
    for (const text of [...broken, ...whole]) {
      const good = whole.includes(text);
      for (const fields of [
        { id: text },
        { title: text },
        { creators: [{ id: text, name: 'n' }] },
        { creators: [{ id: 'c', name: text }] },
        { parentId: text },
        { genres: [text] },
        { tiers: [text] },
        { image: text },
        { attributes: { mood: text } },
        { attributes: { [text]: 1 } },
      ]) {
        expect([fields, item.Check({ ...goodItem, ...fields })]).toEqual([fields, good]);
      }
      for (const field of ['eventId', 'listenerId', 'itemId', 'containerId', 'sessionId']) {
        expect([field, event.Check({ ...goodEvent, [field]: text })]).toEqual([field, good]);
      }
      expect(profile.Check({ onboardingPicks: [text] })).toBe(good);
    }
  });

  it('have 1 to 200 characters, no control characters among them', () => {
    for (const text of ['', 'a\n', '\u0000', '\u007f', 'a'.repeat(201)]) expect(id.Check(text)).toBe(false);
    for (const text of ['a'.repeat(200), ' ', '\u0080']) expect(id.Check(text)).toBe(true);
  });

  it('have attributes of several lines', () => {
    expect(item.Check({ ...goodItem, attributes: { notes: 'one\ntwo' } })).toBe(true);
    expect(item.Check({ ...goodItem, attributes: { ['n'.repeat(101)]: 1 } })).toBe(false);
  });
});
