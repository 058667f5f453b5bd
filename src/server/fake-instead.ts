/** Another policy for the fake platform: it shows what was shown. */
import { ShelfwiseError } from '../base/index.ts';
import type { InsteadRow, InsteadService } from '../platform/index.ts';

export function createFakeInstead(isKnown: (decisionId: string) => boolean): InsteadService {
  const row: InsteadRow = {
    id: 'recently-played',
    kind: 'recently-played',
    title: 'Recently played',
    forced: false,
    carried: false,
    logged: 0.5,
    instead: 0.25,
    cards: [
      {
        item: { id: 'i1', kind: 'track', title: 'One', subtitle: '', image: '' },
        forced: true,
        logged: 1,
        instead: 1,
      },
    ],
  };
  return {
    instead: async (decisionId, { policy, draw = 'sampled', again = 0 }) => {
      if (!isKnown(decisionId)) throw new ShelfwiseError('DECISION_NOT_FOUND', decisionId);
      return {
        decisionId,
        atMs: 0,
        device: 'phone',
        market: 'SE',
        tier: 'free',
        loggedPolicy: 'fake',
        policy: policy?.name ?? policy?.policy ?? '',
        draw,
        again,
        loggedPage: [row],
        insteadPage: [row],
        pageWeight: 0.5,
        whyNot: null,
      };
    },
    evaluablePolicies: () => [
      {
        id: 'softmax',
        options: [{ name: 'temperature', value: 0.05, choices: [] }],
        composition: [{ name: 'diversityOver', value: 'row', choices: ['row', 'page'] }],
        serves: true,
        switchedOff: false,
        lacks: null,
      },
    ],
  };
}
