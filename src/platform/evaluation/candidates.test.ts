/** What evaluation takes for granted of candidates (ADR 24): nothing before the policy depends on the policy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../base/index.ts';
import type { DecisionToExchange } from '../../exchange/index.ts';
import type { POLICY_IDS } from '../../policy/index.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, LISTENERS, open, removeDirs, START_MS } from '../platform-testing.ts';

let clock: ManualClock;
let platform: Platform;

beforeAll(async () => {
  clock = manualClock(START_MS);
  platform = await open(await fittedDir(), clock, { home: { candidatesPerShelf: 6 } });
}, 60_000);
afterAll(async () => {
  await platform.close();
  removeDirs();
});

async function decided(listenerId: string, policyId: (typeof POLICY_IDS)[number]): Promise<DecisionToExchange> {
  const { decisionId } = await home(platform, listenerId, { policyId });
  return (await platform.decision(decisionId)) as unknown as DecisionToExchange;
}

describe('candidates', () => {
  it('are the same whichever policy draws, also where more were proposed than are kept', async () => {
    const able = platform.evaluablePolicies().filter(({ lacks }) => lacks === null);
    expect(able.length).toBeGreaterThan(8);
    let cut = 0;
    for (let l = 0; l < LISTENERS; l++) {
      const first = await decided(`l${l}`, 'plackett-luce');
      for (const { id } of able) {
        const { shelves, policyId } = await decided(`l${l}`, id as (typeof POLICY_IDS)[number]);
        expect(policyId).toBe(id);
        expect(shelves).toEqual(first.shelves);
      }
      const { removals } = first as unknown as { removals: readonly { reason: string; count: number }[] };
      cut += removals.filter(({ reason }) => reason === 'beyond-cap').length;
    }
    expect(cut).toBeGreaterThan(0);
  }, 120_000);
});
