/** Options of a client: resolved once, with their defaults; what is unknown or cannot be is an error at once. */
import type { IncomingEvent } from '../server/contract.ts';
import { ApiProblem } from './problem.ts';
import type { EventStorage } from './queue.ts';
import { type ClientClock, randomId, systemClock, systemRandom } from './system.ts';

export interface ClientOptions {
  /** Where the platform is, such as `https://shelfwise.example`. */
  readonly baseUrl: string;
  /** A key with the scopes `ingest` and `serve` and no more: whoever has the app has it. A function where it is rotated. */
  readonly key: string | (() => string);
  readonly listenerId: string;
  /** Sent with every event and Home. @default what the platform takes for absent: a phone */
  readonly device?: NonNullable<IncomingEvent['device']> | undefined;
  /** @default a random one */
  readonly sessionId?: string | undefined;
  /** Events are gathered for so long. @default 2000 */
  readonly flushAfterMs?: number | undefined;
  /** Events of one request; as many waiting are sent at once. @default 100; the platform takes 1,000 */
  readonly maxBatch?: number | undefined;
  /** Events that wait at most; beyond it the oldest of the least worth go, and `onDropped` is told. @default 1000 */
  readonly maxQueued?: number | undefined;
  /** Where events wait over a reload: `localStorage`, or what is like it. Without one they wait in memory. */
  readonly storage?: EventStorage | undefined;
  /** What the storage's entries begin with. @default 'shelfwise:' */
  readonly storagePrefix?: string | undefined;
  /** First wait after a failure; doubled with each, with chance in it. @default 1000 */
  readonly retryAfterMs?: number | undefined;
  /** Longest wait. @default 60000 */
  readonly retryAtMostMs?: number | undefined;
  /** Events that the platform refused, with why; they are not sent again. @default a warning on the console */
  readonly onRejected?: ((rejected: readonly Rejected[]) => void) | undefined;
  /** An event that was given up for want of room. @default a warning on the console */
  readonly onDropped?: ((event: IncomingEvent) => void) | undefined;
  /** A sending that failed and is tried again, or a storage that refused. @default nothing */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** @default the surroundings' */
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: ClientClock | undefined;
  /** From 0 to below 1. */
  readonly random?: (() => number) | undefined;
}

export interface Rejected {
  readonly event: IncomingEvent;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type ResolvedClientOptions = {
  readonly [Name in Exclude<keyof ClientOptions, 'storage' | 'device'>]-?: Exclude<ClientOptions[Name], undefined>;
} & {
  readonly storage: EventStorage | undefined;
  readonly device: IncomingEvent['device'];
};

const NAMES: Readonly<Record<keyof ClientOptions, true>> = {
  baseUrl: true,
  key: true,
  listenerId: true,
  device: true,
  sessionId: true,
  flushAfterMs: true,
  maxBatch: true,
  maxQueued: true,
  storage: true,
  storagePrefix: true,
  retryAfterMs: true,
  retryAtMostMs: true,
  onRejected: true,
  onDropped: true,
  onTrouble: true,
  fetch: true,
  clock: true,
  random: true,
};
const MOST_ROWS = 1000;

export function resolveClientOptions(given: ClientOptions): ResolvedClientOptions {
  for (const name of Object.keys(given)) if (!Object.hasOwn(NAMES, name)) invalid(`there is no option "${name}"`);
  const numberOf = (name: keyof ClientOptions, fallback: number, least: number, most: number): number => {
    const number = (given[name] as number | undefined) ?? fallback;
    if (!(number >= least && number <= most)) invalid(`${name} is ${number}; give ${least} to ${most}`);
    return number;
  };
  const { baseUrl, key, listenerId } = given;
  if (!/^https?:\/\//.test(baseUrl ?? '')) invalid(`baseUrl is "${baseUrl}"; give an address such as https://host`);
  if (!listenerId) invalid('listenerId is missing');
  if (!key) invalid('key is missing');
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    key,
    listenerId,
    device: given.device,
    sessionId: given.sessionId ?? randomId(),
    flushAfterMs: numberOf('flushAfterMs', 2000, 0, 3_600_000),
    maxBatch: numberOf('maxBatch', 100, 1, MOST_ROWS),
    maxQueued: numberOf('maxQueued', 1000, 1, 1_000_000),
    storage: given.storage,
    storagePrefix: given.storagePrefix ?? 'shelfwise:',
    retryAfterMs: numberOf('retryAfterMs', 1000, 1, 3_600_000),
    retryAtMostMs: numberOf('retryAtMostMs', 60_000, 1, 86_400_000),
    onRejected: given.onRejected ?? ((rejected) => console.warn('Shelfwise refused events:', rejected)),
    onDropped: given.onDropped ?? ((event) => console.warn('No room for an event that waited:', event)),
    onTrouble: given.onTrouble ?? (() => undefined),
    fetch: given.fetch ?? ((input, init) => fetch(input, init)),
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
  };
}

function invalid(what: string): never {
  throw new ApiProblem('OPTION_INVALID', 0, `createClient: ${what}`, 'Correct the option; see docs/client.md.');
}
