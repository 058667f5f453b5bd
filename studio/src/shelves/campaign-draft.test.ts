import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../../src/server/contract.ts';
import { audienceText, bodyOf, draftOf, problemsOf, standingOf } from './campaign-draft.ts';

const NOW_MS = Date.parse('2026-11-24T08:20:00Z');
const campaign: Campaign = {
  id: 'autumn',
  title: { en: 'Autumn', sv: 'Höst' },
  items: ['a', 'b'],
  startsAt: '2026-11-24T00:00:00Z',
  endsAt: '2026-12-01T12:30:00Z',
  audience: { markets: ['SE', 'DE'], tiers: ['premium'], ageBands: ['18-24'], share: 0.255 },
  pinnedRank: 1,
  sponsor: 'Acme',
};

describe('the draft of a campaign', () => {
  it('holds a campaign whole: back and forth nothing is lost', () => {
    const { id, ...body } = campaign;
    const draft = draftOf(campaign, NOW_MS);
    expect(problemsOf(draft)).toEqual({});
    expect(draft).toMatchObject({ id, place: '2', share: '25.5', markets: 'SE, DE', endsAt: '2026-12-01T12:30' });
    expect(bodyOf(draft)).toEqual(body);
  });

  it('begins at the next full hour, for two weeks, and says what is missing', () => {
    const draft = draftOf(undefined, NOW_MS);
    expect(draft).toMatchObject({ startsAt: '2026-11-24T09:00', endsAt: '2026-12-08T09:00' });
    expect(Object.keys(problemsOf(draft)).sort()).toEqual(['id', 'items', 'titles']);
  });

  it('names each field that cannot be sent', () => {
    const wrong = {
      ...draftOf(campaign, NOW_MS),
      id: 'two words',
      endsAt: '2026-11-23T00:00',
      markets: 'Sweden',
      tiers: 'Premium',
      languages: 'english',
      share: '0',
      place: '25',
    };
    expect(Object.keys(problemsOf(wrong)).sort()).toEqual([
      'endsAt',
      'id',
      'languages',
      'markets',
      'place',
      'share',
      'tiers',
    ]);
    expect(problemsOf({ ...wrong, startsAt: '' })).toHaveProperty('startsAt');
  });

  it('leaves out what is empty, and takes markets in small letters', () => {
    const draft = {
      ...draftOf(undefined, NOW_MS),
      id: 'x',
      titles: { en: ' Hello ', de: '  ' },
      items: ['a'],
      markets: 'se de',
    };
    expect(bodyOf(draft)).toEqual({
      title: { en: 'Hello' },
      items: ['a'],
      startsAt: '2026-11-24T09:00:00Z',
      endsAt: '2026-12-08T09:00:00Z',
      audience: { markets: ['SE', 'DE'] },
    });
  });

  it('tells whether it runs, and for whom', () => {
    expect(standingOf(campaign, NOW_MS)).toBe('running');
    expect(standingOf(campaign, Date.parse('2026-11-23T00:00:00Z'))).toBe('coming');
    expect(standingOf(campaign, Date.parse('2026-12-01T12:30:00Z'))).toBe('over');
    expect(audienceText(campaign)).toBe('everybody on premium, in SE, DE, aged 18-24, 25.5 % of them');
    const { audience: _everybody, ...rest } = campaign;
    expect(audienceText(rest)).toBe('everybody');
    expect(audienceText({ ...rest, audience: { share: 0.5 } })).toBe('everybody, 50 % of them');
  });
});
