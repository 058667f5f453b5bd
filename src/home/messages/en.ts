/** English. */
import type { Templates } from './values.ts';

export const en: Templates = {
  verbatim: '{text}',

  'heavy-rotation.title': 'Heavy rotation',
  'heavy-rotation.reason': 'What you have played most in the last four weeks',
  'recently-played.title': 'Recently played',
  'recently-played.reason': 'What you listened to last',
  'jump-back-in.title': 'Jump back in',
  'jump-back-in.reason': 'Once loved, not played for a month',
  'new-episodes.title': 'New episodes of your shows',
  'new-episodes.reason': 'From the shows you follow',
  'new-episodes.card': '{days, plural, =0 {Out today} =1 {Out yesterday} one {Out # day ago} other {Out # days ago}}',
  'more-like.title': 'More like {item}',
  'more-like.reason': 'Because you play {item}',
  'recommended.title': 'Recommended for you',
  'recommended.reason': 'New to you, close to your taste',
  'something-different.title': 'Something different',
  'something-different.reason': 'From genres you have hardly tried',
  'popular.title': 'Popular in your market',
  'popular.reason': 'What listeners around you play',
  'popular.title-anywhere': 'Popular now',
  'popular.reason-anywhere': 'What listeners everywhere play',
  'popular-genre.title': 'Popular in {genre}',
  'popular-genre.reason': 'What listeners around you play of {genre}',
  'popular-podcasts.title': 'Popular podcasts',
  'popular-podcasts.reason': 'Shows that listeners around you play',
  'beyond-the-charts.title': 'Beyond the charts',
  'beyond-the-charts.reason': 'Loved around you, and not yet by everyone',

  'shelf.sponsored': 'Sponsored',

  'card.track': 'Song',
  'card.album': 'Album',
  'card.artist': 'Artist',
  'card.playlist': 'Playlist',
  'card.show': 'Podcast',
  'card.episode': 'Episode',
  'card.minutes': '{minutes, number} min',
  'card.minutes-left': '{minutes, number} min left',
  'card.minutes-left-of-show': '{show} · {minutes, number} min left',
};
