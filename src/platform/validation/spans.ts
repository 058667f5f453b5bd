/** Names of data sets and the times that they stand for: days and hours of UTC. */
import { DAY_MS, HOUR_MS, ShelfwiseError } from '../../base/index.ts';
import { EVENT_TYPES, type EventType } from '../../domain/index.ts';
import { type DataStream, EXAMPLE_STREAMS, type ExampleStream } from './service.ts';

export interface SetName {
  readonly stream: DataStream;
  readonly span: string;
}

export const setId = ({ stream, span }: SetName): string => `${stream}/${span}`;

export function isExamples(stream: DataStream): stream is ExampleStream {
  return (EXAMPLE_STREAMS as readonly string[]).includes(stream);
}

export const isEventType = (name: string): name is EventType => (EVENT_TYPES as readonly string[]).includes(name);

/** Of examples one schema, of events one for each type. */
export const schemaNameOf = (stream: DataStream): string => (isExamples(stream) ? 'examples' : stream);

/** Throws DATA_SET_NOT_FOUND for what is no name of a set. */
export function parseSetId(id: string): SetName {
  const [stream, span, ...more] = id.split('/');
  const known = isExamples(stream as DataStream) || isEventType(stream);
  if (!known || span === undefined || more.length > 0) throw new ShelfwiseError('DATA_SET_NOT_FOUND', id);
  boundsOf(span);
  return { stream: stream as DataStream, span };
}

const SPAN = /^\d{4}-\d\d-\d\d(T\d\d)?$/;

/** From, and up to but without. Throws OPTION_INVALID for what is neither a day nor an hour. */
export function boundsOf(span: string): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = SPAN.test(span) ? Date.parse(span.length === 10 ? `${span}T00:00:00Z` : `${span}:00:00Z`) : Number.NaN;
  // What rolled over, such as February the 30th, is no day either.
  if (Number.isNaN(fromMs) || !new Date(fromMs).toISOString().startsWith(span))
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `span "${span}" is neither a day such as 2026-11-20 nor an hour such as 2026-11-20T14`,
    );
  return { fromMs, toMs: fromMs + (span.length === 10 ? DAY_MS : HOUR_MS) };
}

export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
export const hourOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 13);
