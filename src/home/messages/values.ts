/**
 * Every message that Home tells listeners, and the values it is told with. A message is added here and in each language;
 * where one lacks it, types do not hold.
 */
export const VALUES = {
  /** Somebody's own words, such as an editor's: the same in every language. */
  verbatim: ['text'],

  'heavy-rotation.title': [],
  'heavy-rotation.reason': [],
  'recently-played.title': [],
  'recently-played.reason': [],
  'jump-back-in.title': [],
  'jump-back-in.reason': [],
  'new-episodes.title': [],
  'new-episodes.reason': [],
  /** Of an episode, by the days since it came out. */
  'new-episodes.card': ['days'],
  'more-like.title': ['item'],
  'more-like.reason': ['item'],
  'recommended.title': [],
  'recommended.reason': [],
  'something-different.title': [],
  'something-different.reason': [],
  'popular.title': [],
  'popular.reason': [],
  /** Where the listener's market is not known. */
  'popular.title-anywhere': [],
  'popular.reason-anywhere': [],
  'popular-genre.title': ['genre'],
  'popular-genre.reason': ['genre'],
  'popular-podcasts.title': [],
  'popular-podcasts.reason': [],
  'beyond-the-charts.title': [],
  'beyond-the-charts.reason': [],

  'shelf.sponsored': [],

  /** What a card is, where its title does not say it. */
  'card.track': [],
  'card.album': [],
  'card.artist': [],
  'card.playlist': [],
  'card.show': [],
  'card.episode': [],
  'card.minutes': ['minutes'],
  /** Of an episode that was begun. */
  'card.minutes-left': ['minutes'],
  'card.minutes-left-of-show': ['show', 'minutes'],
} as const;

export type MessageId = keyof typeof VALUES;
/** The values that a message is told with. */
export type ValuesOf<M extends MessageId> = { readonly [V in (typeof VALUES)[M][number]]: string | number };
/** Messages that need no values. */
export type PlainMessageId = { [M in MessageId]: (typeof VALUES)[M] extends readonly [] ? M : never }[MessageId];
/** A language's templates (ICU MessageFormat), one for every message. */
export type Templates = { readonly [M in MessageId]: string };
