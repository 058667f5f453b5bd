/** `shelfwise/client`: for apps, in browsers and in Node from version 20 on. It depends on nothing. */
export type { EventsAnswer, HomeParameters, IncomingEvent, Page, PageCard, PageShelf } from '../server/contract.ts';
export { createClient, type HomeOptions, type ShelfwiseClient, type TrackedEvent } from './client.ts';
export { createImpressionObserver, type ImpressionObserver, type ImpressionReference } from './impressions.ts';
export type { ClientOptions, Rejected } from './options.ts';
export { ApiProblem } from './problem.ts';
export type { EventStorage } from './queue.ts';
export { type ClientClock, systemClock } from './system.ts';
