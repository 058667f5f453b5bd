/**
 * Kill switches: an operator takes a shelf or a policy out of Home at once. What is off is part of the tunables that serve,
 * so that every decision names it by their hash, pages that stand are outdated, and replay knows what was possible. It is
 * on the medium before it takes effect, and survives a restart.
 */
import { ShelfwiseError } from '../base/index.ts';
import { type HomeTunables, SHELVES } from '../home/index.ts';
import { POLICY_IDS } from '../policy/index.ts';
import type { Metadata } from '../store/index.ts';

export interface Switch {
  /** `shelf:ID` or `policy:ID`. */
  readonly target: string;
  readonly on: boolean;
}

export interface SwitchService {
  /** Every shelf and policy that can be switched, in the order of their declarations. */
  listSwitches(): readonly Switch[];
  /** All of them or none; takes effect with the next Home. Throws SWITCH_UNKNOWN. */
  setSwitches(changes: readonly Switch[]): Promise<readonly Switch[]>;
}

const SETTING = 'switched-off';

/** Popularity stands in for a policy that is off: without it there would be no page. */
const STANDS_IN = 'popularity';

const TARGETS: readonly string[] = [
  ...SHELVES.map(({ id }) => `shelf:${id}`),
  ...POLICY_IDS.filter((id) => id !== STANDS_IN).map((id) => `policy:${id}`),
];

/** What was off when the platform stopped; a shelf that there is no more is passed over. */
export async function storedSwitchedOff(metadata: Pick<Metadata, 'settings'>): Promise<readonly string[]> {
  const stored = await metadata.settings.get(SETTING);
  if (stored === undefined) return [];
  const off = JSON.parse(stored) as readonly string[];
  return TARGETS.filter((target) => off.includes(target));
}

export function createSwitches(dependencies: {
  readonly metadata: Pick<Metadata, 'settings'>;
  readonly tunables: () => HomeTunables;
  readonly retune: (change: (now: HomeTunables) => HomeTunables) => Promise<void>;
}): SwitchService {
  const { metadata, tunables, retune } = dependencies;
  const listSwitches = (): readonly Switch[] => {
    const { switchedOff } = tunables();
    return TARGETS.map((target) => ({ target, on: !switchedOff.includes(target) }));
  };
  /** One after another: each starts from what the one before has left. */
  let queue: Promise<unknown> = Promise.resolve();
  const apply = async (changes: readonly Switch[]): Promise<readonly Switch[]> => {
    const off = new Set(tunables().switchedOff);
    for (const { target, on } of changes) {
      if (!TARGETS.includes(target)) throw new ShelfwiseError('SWITCH_UNKNOWN', target);
      if (on) off.delete(target);
      else off.add(target);
    }
    const switchedOff = TARGETS.filter((target) => off.has(target));
    await metadata.settings.set(SETTING, JSON.stringify(switchedOff));
    await retune((now) => ({ ...now, switchedOff }));
    return listSwitches();
  };
  return {
    listSwitches,
    setSwitches(changes) {
      const next = queue.then(() => apply(changes));
      queue = next.catch(() => undefined);
      return next;
    },
  };
}
