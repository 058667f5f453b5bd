import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../base/index.ts';
import {
  type Campaign,
  CampaignBodySchema,
  type CampaignListener,
  campaignNumbered,
  campaignProblem,
  campaignTitle,
  runsFor,
  serveCampaign,
} from './campaign.ts';

const NOW = Date.UTC(2026, 10, 1, 12);
const campaign = (more: Partial<Campaign> = {}): Campaign => ({
  id: 'summer',
  title: { en: 'Summer', de: 'Sommer', 'pt-BR': 'Verão' },
  items: ['a', 'b'],
  startsAt: new Date(NOW - DAY_MS).toISOString(),
  endsAt: new Date(NOW + DAY_MS).toISOString(),
  ...more,
});
const anna: CampaignListener = {
  market: 'SE',
  tier: 'premium',
  language: 'sv',
  ageBand: '25-34',
  listenerKey: 'anna',
};
const numbers = ['summer', 'a', 'b'];
const served = (more: Partial<Campaign> = {}) => serveCampaign(campaign(more), (name) => numbers.indexOf(name));
const runs = (more: Partial<Campaign>, who: Partial<CampaignListener> = {}, atMs = NOW) =>
  runsFor(served(more), atMs, { ...anna, ...who });

describe('a campaign', () => {
  it('has the numbers of its id and its items, in their order', () => {
    const one = served();
    expect([one.number, ...one.items]).toEqual([0, 1, 2]);
    expect(campaignNumbered({ hash: '', list: [one] }, 0)).toBe(one);
    expect(campaignNumbered({ hash: '', list: [one] }, 1)).toBeUndefined();
  });

  it('runs from its start until before its end', () => {
    expect(runs({}, {}, NOW - DAY_MS)).toBe(true);
    expect(runs({}, {}, NOW - DAY_MS - 1)).toBe(false);
    expect(runs({}, {}, NOW + DAY_MS - 1)).toBe(true);
    expect(runs({}, {}, NOW + DAY_MS)).toBe(false);
  });

  it('runs for those of its audience, and all that is given must hold', () => {
    expect(runs({ audience: {} })).toBe(true);
    expect(runs({ audience: { markets: ['SE', 'NO'], tiers: ['premium'] } })).toBe(true);
    expect(runs({ audience: { markets: ['SE'], tiers: ['free'] } })).toBe(false);
    expect(runs({ audience: { markets: ['DE'] } })).toBe(false);
    expect(runs({ audience: { ageBands: ['18-24', '25-34'] } })).toBe(true);
    expect(runs({ audience: { ageBands: ['18-24'] } })).toBe(false);
    expect(runs({ audience: { languages: ['pt'] } }, { language: 'pt-BR' })).toBe(true);
    expect(runs({ audience: { languages: ['pt-BR'] } }, { language: 'pt' })).toBe(false);
  });

  it('runs for a share of the listeners, always the same, and other ones of another campaign', () => {
    const keys = Array.from({ length: 4000 }, (_, i) => `key-${i}`);
    const of = (id: string) => keys.filter((listenerKey) => runs({ id, audience: { share: 0.25 } }, { listenerKey }));
    const first = of('summer');
    expect(Math.abs(first.length / keys.length - 0.25)).toBeLessThan(0.03);
    expect(of('summer')).toEqual(first);
    const both = of('winter').filter((key) => first.includes(key)).length;
    expect(Math.abs(both / keys.length - 0.0625)).toBeLessThan(0.02);
    expect(runs({ audience: { share: 0 } })).toBe(false);
    expect(runs({ audience: { share: 1 } })).toBe(true);
  });

  it('that is paid for is not for kids', () => {
    expect(runs({ sponsor: 'Acme' })).toBe(true);
    expect(runs({ sponsor: 'Acme' }, { ageBand: 'kid' })).toBe(false);
    expect(runs({ sponsor: 'Acme', audience: { ageBands: ['kid'] } }, { ageBand: 'kid' })).toBe(false);
    expect(runs({}, { ageBand: 'kid' })).toBe(true);
  });

  it('is titled in the language, its primary one, English, or the first by name', () => {
    expect(campaignTitle(campaign(), 'de')).toBe('Sommer');
    expect(campaignTitle(campaign(), 'de-CH')).toBe('Sommer');
    expect(campaignTitle(campaign(), 'pt-BR')).toBe('Verão');
    expect(campaignTitle(campaign(), 'pt')).toBe('Summer');
    expect(campaignTitle(campaign({ title: { sv: 'Sommar', de: 'Sommer' } }), 'es')).toBe('Sommer');
  });

  it('of times that are none, or that end before they begin, is told to be wrong and never runs', () => {
    const { id: _, ...body } = campaign();
    expect(campaignProblem(body)).toBeUndefined();
    expect(campaignProblem({ ...body, startsAt: '2026-02-30T00:00:00Z' })?.pointer).toBe('/startsAt');
    expect(campaignProblem({ ...body, endsAt: '1960-01-01T00:00:00Z' })?.pointer).toBe('/endsAt');
    expect(campaignProblem({ ...body, endsAt: body.startsAt })).toEqual({
      pointer: '/endsAt',
      message: 'must be later than startsAt',
    });
    expect(runs({ startsAt: 'never' })).toBe(false);
    expect(runs({ endsAt: 'never' })).toBe(false);
  });

  it('is described by a schema that takes no title, no item, an item twice or an unknown field', () => {
    const schema = Compile(CampaignBodySchema);
    const { id: _, ...body } = campaign({ sponsor: 'Acme', pinnedRank: 0, audience: { share: 0.5 } });
    expect(schema.Check(body)).toBe(true);
    const bad = [
      { ...body, title: {} },
      { ...body, title: { english: 'Summer' } },
      { ...body, title: { en: '' } },
      { ...body, items: [] },
      { ...body, items: ['a', 'a'] },
      { ...body, pinnedRank: 24 },
      { ...body, audience: { share: 2 } },
      { ...body, audience: { markets: [] } },
      { ...body, colour: 'red' },
    ];
    for (const one of bad) expect([one, schema.Check(one)]).toEqual([one, false]);
  });
});
