/** Gorse's data objects (https://gorse.io/docs/concepts/data-objects) as ours. */
import { contentHash } from '../base/index.ts';
import { type IncomingEvent, ITEM_KINDS, type Item, type ItemKind, type ListenerProfile } from '../domain/index.ts';
import {
  fieldsOf,
  instantOf,
  playedEnoughMs,
  profileFrom,
  required,
  signalOf,
  textOf,
  Unmapped,
  validListener,
  wordsOf,
} from './engines.ts';

export interface FeedbackContext {
  readonly nowMs: number;
  /** PUT writes over feedback of the same type, user and item; POST leaves what is there. */
  readonly overwrites: boolean;
  readonly kindOf: (itemId: string) => ItemKind | undefined;
}

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/**
 * Feedback is one of its type, user and item: so says the id of a POST. That of a PUT also holds time and value, so that what
 * writes over is a new event. @throws Unmapped
 */
export function eventOfFeedback(row: unknown, { nowMs, overwrites, kindOf }: FeedbackContext): IncomingEvent {
  const fields = fieldsOf(row);
  const feedbackType = required(fields, 'FeedbackType');
  const listenerId = required(fields, 'UserId');
  const itemId = required(fields, 'ItemId');
  const type = signalOf(feedbackType);
  if (type === undefined) throw new Unmapped(`FeedbackType "${feedbackType.slice(0, 50)}" says nothing here`);
  const occurredAt =
    fields['Timestamp'] === undefined || fields['Timestamp'] === ''
      ? new Date(nowMs).toISOString()
      : instantOf(fields['Timestamp']);
  if (occurredAt === undefined) throw new Unmapped('Timestamp is no time');
  const value = typeof fields['Value'] === 'number' ? fields['Value'] : 0;
  const named = [feedbackType, listenerId, itemId, ...(overwrites ? [occurredAt, String(value)] : [])];
  const eventId = `gorse:${contentHash(named.join('\u0000'))}`;
  const event = { eventId, type, listenerId, itemId, occurredAt };
  if (type !== 'play') return event;
  // 1 is what clients send that count; more is how many seconds.
  const playedMs = value > 1 ? Math.min(DAY_MS, value * SECOND_MS) : playedEnoughMs(kindOf(itemId));
  return { ...event, playedMs };
}

/** From then on it is available nowhere: the earliest time that a right may end. */
const HIDDEN_SINCE = '1970-01-02T00:00:00Z';
const MAX_GENRES = 30;

/** @throws Unmapped */
export function itemOfGorse(row: unknown): Item {
  const fields = fieldsOf(row);
  const id = required(fields, 'ItemId');
  const categories = wordsOf(fields['Categories'] ?? []);
  const kind = categories.find((word): word is ItemKind => (ITEM_KINDS as readonly string[]).includes(word));
  const labels = labelsOf(fields['Labels']);
  const genres = [...new Set([...labels.words, ...categories.filter((word) => word !== kind)])];
  const releasedAt = textOf(fields['Timestamp']) === undefined ? undefined : instantOf(fields['Timestamp']);
  const title = textOf(fields['Comment']) ?? id;
  return {
    id,
    kind: kind ?? 'track',
    title: title.slice(0, 500),
    ...(genres.length === 0 ? {} : { genres: genres.slice(0, MAX_GENRES).map((genre) => genre.slice(0, 100)) }),
    ...(releasedAt === undefined || releasedAt.startsWith('0001') ? {} : { releasedAt }),
    ...(fields['IsHidden'] === true ? { availableUntil: HIDDEN_SINCE } : {}),
  };
}

/** @throws Unmapped */
export function listenerOfGorse(row: unknown): { readonly id: string; readonly profile: ListenerProfile } {
  const fields = fieldsOf(row);
  const { named } = labelsOf(fields['Labels']);
  return validListener({ id: required(fields, 'UserId'), profile: profileFrom(named) as ListenerProfile });
}

/** Labels are a list of words (`market:SE` names a field), or an object of words, lists and numbers. */
function labelsOf(labels: unknown): { readonly words: string[]; readonly named: Record<string, unknown> } {
  const words: string[] = [];
  const named: Record<string, unknown> = {};
  if (Array.isArray(labels)) {
    for (const word of wordsOf(labels)) {
      const parts = /^(\w+)[:=](.+)$/.exec(word);
      if (parts === null) words.push(word);
      else named[parts[1]] = parts[2];
    }
  } else if (labels !== null && typeof labels === 'object') {
    for (const [name, value] of Object.entries(labels)) {
      named[name] = value;
      if (Array.isArray(value)) words.push(...wordsOf(value));
    }
  }
  return { words, named };
}

/** The cards of a page that Gorse would recommend: what is new to the user, in the order of the page. */
export function recommendedOf(
  page: { readonly shelves: readonly { readonly order: string; readonly cards: readonly { readonly id: string }[] }[] },
  fits: (itemId: string) => boolean,
): string[] {
  const ids = page.shelves.filter(({ order }) => order === 'policy').flatMap(({ cards }) => cards.map(({ id }) => id));
  return [...new Set(ids)].filter(fits);
}
