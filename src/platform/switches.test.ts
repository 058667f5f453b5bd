import { describe, expect, it } from 'vitest';
import { type HomeTunables, resolveTunables, SHELVES } from '../home/index.ts';
import { createSwitches, storedSwitchedOff } from './switches.ts';

/** Settings in memory, and the tunables that serve. */
async function switching(stored?: string) {
  const settings = new Map(stored === undefined ? [] : [['switched-off', stored]]);
  const metadata = {
    settings: {
      get: async (name: string) => settings.get(name),
      set: async (name: string, value: string) => {
        settings.set(name, value);
      },
    },
  };
  let serving: HomeTunables = resolveTunables({ switchedOff: await storedSwitchedOff(metadata) });
  const switches = createSwitches({
    metadata,
    tunables: () => serving,
    retune: async (change) => {
      serving = change(serving);
    },
  });
  return { switches, metadata, off: () => serving.switchedOff };
}

describe('switches', () => {
  it('are one for each shelf and policy, but for popularity', async () => {
    const { switches } = await switching();
    const targets = switches.listSwitches().map(({ target }) => target);
    expect(targets).toEqual(expect.arrayContaining(SHELVES.map(({ id }) => `shelf:${id}`)));
    expect(targets).toContain('policy:plackett-luce');
    expect(targets).not.toContain('policy:popularity');
    expect(switches.listSwitches().every(({ on }) => on)).toBe(true);
  });

  it('that are set at once do not lose each other, and the order they were set in makes no other tunables', async () => {
    const { switches, metadata, off } = await switching();
    const set = (target: string, on: boolean) => switches.setSwitches([{ target, on }]);
    await Promise.all([set('shelf:popular', false), set('policy:uniform', false), set('shelf:more-like', false)]);
    const other = await switching();
    for (const target of ['shelf:more-like', 'policy:uniform', 'shelf:popular'])
      await other.switches.setSwitches([{ target, on: false }]);
    expect(off()).toEqual(other.off());
    expect(await storedSwitchedOff(metadata)).toEqual(off());
    await set('shelf:popular', true);
    expect(off()).toEqual(['shelf:more-like', 'policy:uniform']);
  });

  it('are all set or none, and go on after one that was refused', async () => {
    const { switches, off } = await switching();
    const wrong = switches.setSwitches([
      { target: 'shelf:popular', on: false },
      { target: 'shelf:none', on: false },
    ]);
    await expect(wrong).rejects.toMatchObject({ code: 'SWITCH_UNKNOWN' });
    expect(off()).toEqual([]);
    await switches.setSwitches([{ target: 'shelf:popular', on: false }]);
    expect(off()).toEqual(['shelf:popular']);
  });

  it('of a shelf that there is no more are passed over', async () => {
    const { off } = await switching(JSON.stringify(['shelf:gone', 'shelf:popular']));
    expect(off()).toEqual(['shelf:popular']);
  });
});
