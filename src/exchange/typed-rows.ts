/** Items and events from files of rows. */
import { Compile } from 'typebox/compile';
import { contentHash } from '../base/index.ts';
import { EventSchema, type IncomingEvent, type Item, ItemSchema } from '../domain/index.ts';
import {
  type ColumnMap,
  ColumnResolver,
  RowProblem,
  toBoolean,
  toInstant,
  toList,
  toNumber,
  toRecord,
  toText,
} from './columns.ts';
import { formatOf, readRows } from './rows.ts';
import type { BadRow, ImportBatch, ImportSource, ReadBatch } from './source.ts';
import { requireFile } from './text-lines.ts';

const itemCheck = Compile(ItemSchema);
const eventCheck = Compile(EventSchema);

/** What `--map` may name for items. `creatorId` and `creatorName` are the flat form of `creators`. */
const ITEM_FIELDS = [
  ...Object.keys(ItemSchema.properties),
  'creatorId',
  'creatorName',
] as const satisfies readonly string[];

/** What `--map` may name for events. `decisionId`, `shelfRank` and `cardRank` are the flat form of `reference`. */
const EVENT_FIELDS = [
  ...Object.keys(EventSchema.properties),
  'decisionId',
  'shelfRank',
  'cardRank',
] as const satisfies readonly string[];

export interface FileOptions {
  /** Field → column, where the names differ. */
  readonly map?: ColumnMap;
}

/**
 * Items from CSV, TSV, JSON Lines or Parquet. In text cells lists are divided by `|` or `;` (or are JSON), creators are
 * `id=name|id=name`, times are ISO 8601 (UTC where no zone stands), dates, or seconds or milliseconds since 1970.
 * @throws `OPTION_INVALID` at once for a missing file, an unknown format or field; while reading, for a mapped column that a file does not have.
 */
export function readItemFiles(files: readonly string[], options: FileOptions = {}): ImportSource {
  return readFiles('items', files, ITEM_FIELDS, options.map ?? {}, (row) => {
    const item = itemFrom(row);
    return itemCheck.Check(item) ? { items: item } : problem(itemCheck.Errors(item));
  });
}

/**
 * Events from the same formats. Without a `type` column every row is a play. Without an `eventId` the id is a hash of
 * listener, item, time, type and row, so that the same file read again gives the same events.
 * @throws as `readItemFiles`.
 */
export function readEventFiles(files: readonly string[], options: FileOptions = {}): ImportSource {
  return readFiles('events', files, EVENT_FIELDS, options.map ?? {}, (row, number) => {
    const event = eventFrom(row, number);
    return eventCheck.Check(event) ? { events: event } : problem(eventCheck.Errors(event));
  });
}

type Typed = { items: Item } | { events: IncomingEvent };

function readFiles(
  owner: 'items' | 'events',
  files: readonly string[],
  fields: readonly string[],
  map: ColumnMap,
  typed: (row: Record<string, unknown>, number: number) => Typed | string,
): ImportSource {
  const sizes = files.map((file) => {
    formatOf(file);
    return requireFile(file);
  });
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  new ColumnResolver(owner, fields, map); // fails now for a field that there is not
  const notes: string[] = [];

  async function* batches(): AsyncGenerator<ReadBatch> {
    notes.length = 0;
    let doneBytes = 0;
    for (const [index, file] of files.entries()) {
      const columns = new ColumnResolver(owner, fields, map);
      let checked = false;
      for await (const chunk of readRows(file)) {
        if (!checked && (chunk.rows.length > 0 || chunk.columns !== null)) {
          columns.requireMapped(file, chunk.columns ?? new Set(chunk.rows.flatMap((row) => Object.keys(row.values))));
          checked = true;
        }
        const bad: BadRow[] = [...chunk.bad];
        const items: Item[] = [];
        const events: IncomingEvent[] = [];
        for (const { row, values } of chunk.rows) {
          const outcome = attempt(() => typed(columns.pick(values), row));
          if (typeof outcome === 'string') bad.push({ file, row, reason: outcome });
          else if ('items' in outcome) items.push(outcome.items);
          else events.push(outcome.events);
        }
        const content: ImportBatch = owner === 'items' ? { items } : { events };
        const share = totalBytes === 0 ? 1 : (doneBytes + chunk.share * sizes[index]) / totalBytes;
        yield { ...content, rowsRead: chunk.rows.length + chunk.bad.length, share, bad };
      }
      doneBytes += sizes[index];
      const ignored = columns.ignored();
      if (ignored.length > 0) notes.push(`${file}: ignored columns ${ignored.slice(0, 20).join(', ')}`);
    }
  }
  return { describe: `${owner} of ${files.join(', ')}`, notes, batches };
}

function attempt(work: () => Typed | string): Typed | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof RowProblem) return error.message;
    throw error;
  }
}

function problem(errors: readonly { instancePath: string; message: string }[]): string {
  const first = errors[0];
  if (first === undefined) return 'the row does not match the schema';
  const path = first.instancePath.replace(/^\//, '').replaceAll('/', '.');
  return path === '' ? first.message : `${path}: ${first.message}`;
}

function itemFrom(row: Record<string, unknown>): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  const attributes: Record<string, unknown> = {};
  for (const field in row) {
    const value = row[field];
    switch (field) {
      case 'id':
      case 'kind':
      case 'title':
      case 'parentId':
      case 'image':
        item[field] = toText(field, value);
        break;
      case 'releasedAt':
      case 'availableFrom':
      case 'availableUntil':
        item[field] = toInstant(field, value);
        break;
      case 'durationMs':
        item[field] = Math.round(toNumber(field, value));
        break;
      case 'explicit':
        item[field] = toBoolean(field, value);
        break;
      case 'genres':
      case 'markets':
      case 'tiers':
        item[field] = toList(field, value).map((entry) => toText(field, entry));
        break;
      case 'creators':
        item[field] = toList(field, value).map(creatorFrom);
        break;
      case 'attributes':
        Object.assign(attributes, toRecord(field, value));
        break;
      default:
        if (field.startsWith('attributes.')) attributes[field.slice('attributes.'.length)] = scalar(value);
    }
  }
  if (item.creators === undefined && (row.creatorId !== undefined || row.creatorName !== undefined)) {
    const id = toText('creatorId', row.creatorId ?? row.creatorName);
    item.creators = [{ id, name: toText('creatorName', row.creatorName ?? id) }];
  }
  if (Object.keys(attributes).length > 0) item.attributes = attributes;
  return item;
}

function creatorFrom(entry: unknown): unknown {
  if (typeof entry !== 'string') return entry;
  const at = entry.indexOf('=');
  return at > 0 ? { id: entry.slice(0, at).trim(), name: entry.slice(at + 1).trim() } : { id: entry, name: entry };
}

function scalar(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Date ? value.toISOString() : value;
}

function eventFrom(row: Record<string, unknown>, number: number): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  const reference: Record<string, unknown> = {};
  for (const field in row) {
    const value = row[field];
    switch (field) {
      case 'occurredAt':
        event[field] = toInstant(field, value);
        break;
      case 'playedMs':
      case 'durationMs':
        event[field] = toNumber(field, value);
        break;
      case 'autoplay':
        event[field] = toBoolean(field, value);
        break;
      case 'reference':
        Object.assign(reference, toRecord(field, value));
        break;
      case 'decisionId':
        reference[field] = toText(field, value);
        break;
      case 'shelfRank':
      case 'cardRank':
        reference[field] = toNumber(field, value);
        break;
      default:
        event[field] = toText(field, value);
    }
  }
  event.type ??= 'play';
  if (reference.decisionId !== undefined) event.reference = reference;
  if (event.eventId === undefined) {
    const parts = [event.listenerId, event.itemId, event.occurredAt, event.type, number].map((part) =>
      String(part ?? ''),
    );
    event.eventId = `row:${contentHash(parts.join('\u0000'))}`;
  }
  return event;
}
