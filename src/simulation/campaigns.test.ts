import { describe, expect, it } from 'vitest';
import { campaignProblem } from '../domain/index.ts';
import { createDemoWorld } from './world.ts';

const endMs = Date.UTC(2026, 10, 24, 12);
const world = createDemoWorld({ seed: 3, items: 1500, listeners: 5, days: 2, endMs });

describe('campaigns of the demo world', () => {
  const campaigns = world.campaigns();

  it('are the same for the same seed, and can be stored', () => {
    expect(createDemoWorld({ seed: 3, items: 1500, listeners: 0, days: 1, endMs }).campaigns()).toEqual(campaigns);
    for (const { id: _, ...body } of campaigns) expect(campaignProblem(body)).toBeUndefined();
  });

  it('are one that is pinned, one that is paid for and one for a market alone', () => {
    expect(campaigns.filter(({ pinnedRank }) => pinnedRank !== undefined)).toHaveLength(1);
    expect(campaigns.filter(({ sponsor }) => sponsor !== undefined)).toHaveLength(1);
    expect(campaigns.filter(({ audience }) => audience?.markets !== undefined)).toHaveLength(1);
  });

  it('hold items of the world that everybody may have, each of another creator', () => {
    const items = new Map(Array.from(world.items(), (item) => [item.id, item]));
    for (const campaign of campaigns) {
      expect(campaign.items.length).toBeGreaterThan(5);
      const creators = campaign.items.map((id) => items.get(id)?.creators?.[0]?.id ?? id);
      expect(new Set(creators).size).toBe(creators.length);
      for (const id of campaign.items) {
        expect(items.get(id)).toMatchObject({ id });
        expect(items.get(id)).not.toHaveProperty('markets');
        expect(items.get(id)).not.toMatchObject({ explicit: true });
      }
    }
  });
});
