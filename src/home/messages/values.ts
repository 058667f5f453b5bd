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
  'your-shows.title': [],
  'your-shows.reason': [],
  'more-like.title': ['item'],
  'more-like.reason': ['item'],
  'because-you-follow.title': ['item'],
  'because-you-follow.reason': ['item'],
  'recommended.title': [],
  'recommended.reason': [],
  'new-releases.title': [],
  'new-releases.reason': [],
  'shows-you-might-like.title': [],
  'shows-you-might-like.reason': [],
  'popular-with-like-you.title': [],
  'popular-with-like-you.reason': [],
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

  'from-our-editors.title': [],
  'from-our-editors.reason': [],
  'from-our-editors.sponsored': ['sponsor'],

  'shelf.sponsored': [],

  /** What a card is, where its title does not say it. */
  'card.track': [],
  'card.album': [],
  'card.artist': [],
  'card.playlist': [],
  'card.show': [],
  /** By the days since it came out. */
  'card.released': ['days'],
  'card.episode': [],
  'card.minutes': ['minutes'],
  /** Of an episode that was begun. */
  'card.minutes-left': ['minutes'],
  'card.minutes-left-of-show': ['show', 'minutes'],

  'made-for-you.title': [],
  'made-for-you.reason': [],
  /** Titles of generated playlists; a mix is named by the artists in it. */
  'generated.mix': ['number'],
  'generated.mix-of-one': ['number', 'first'],
  'generated.mix-of-two': ['number', 'first', 'second'],
  'generated.mix-of-more': ['number', 'first', 'second'],
  'generated.discovery': [],
  'generated.radar': [],
  /** `contents` names some of the artists in a playlist. */
  'generated.contents-and-more': ['contents'],
  'generated.mix.reason': [],
  'generated.discovery.reason': [],
  'generated.radar.reason': [],
  /** Why a track is in a generated playlist. */
  'generated.track.played-a-lot': ['artist'],
  'generated.track.liked': [],
  'generated.track.played': [],
  'generated.track.close-to': ['artist'],
  'generated.track.close-to-taste': [],
  'generated.track.new-by-followed': ['artist'],
  'generated.track.new-by-liked': ['artist'],
  'generated.track.new-by-played': ['artist'],
} as const;

export type MessageId = keyof typeof VALUES;
/** The values that a message is told with. */
export type ValuesOf<M extends MessageId> = { readonly [V in (typeof VALUES)[M][number]]: string | number };
/** Messages that need no values. */
export type PlainMessageId = { [M in MessageId]: (typeof VALUES)[M] extends readonly [] ? M : never }[MessageId];
/** A language's templates (ICU MessageFormat), one for every message. */
export type Templates = { readonly [M in MessageId]: string };
