/** German, addressing the listener by "du". */
import type { Templates } from './values.ts';

export const de: Templates = {
  verbatim: '{text}',

  'heavy-rotation.title': 'Deine Dauerbrenner',
  'heavy-rotation.reason': 'Was du in den letzten vier Wochen am meisten gehört hast',
  'recently-played.title': 'Zuletzt gehört',
  'recently-played.reason': 'Was du als Letztes gehört hast',
  'jump-back-in.title': 'Wiederentdecken',
  'jump-back-in.reason': 'Einst geliebt, seit einem Monat nicht gehört',
  'new-episodes.title': 'Neue Folgen deiner Podcasts',
  'new-episodes.reason': 'Von den Podcasts, denen du folgst',
  'new-episodes.card':
    '{days, plural, =0 {Heute erschienen} =1 {Gestern erschienen} one {Vor # Tag erschienen} other {Vor # Tagen erschienen}}',
  'more-like.title': 'Mehr wie {item}',
  'more-like.reason': 'Weil du {item} hörst',
  'recommended.title': 'Für dich empfohlen',
  'recommended.reason': 'Neu für dich und nah an deinem Geschmack',
  'something-different.title': 'Mal was anderes',
  'something-different.reason': 'Aus Genres, die du kaum kennst',
  'popular.title': 'Beliebt in deinem Land',
  'popular.reason': 'Was andere in deiner Umgebung hören',
  'popular.title-anywhere': 'Gerade beliebt',
  'popular.reason-anywhere': 'Was überall gehört wird',
  'popular-genre.title': 'Beliebt in {genre}',
  'popular-genre.reason': 'Was andere in deiner Umgebung an {genre} hören',
  'popular-podcasts.title': 'Beliebte Podcasts',
  'popular-podcasts.reason': 'Podcasts, die andere in deiner Umgebung hören',
  'beyond-the-charts.title': 'Abseits der Charts',
  'beyond-the-charts.reason': 'In deiner Umgebung geliebt, aber noch nicht von allen entdeckt',

  'shelf.sponsored': 'Anzeige',

  'card.track': 'Titel',
  'card.album': 'Album',
  'card.artist': 'Künstler',
  'card.playlist': 'Playlist',
  'card.show': 'Podcast',
  'card.episode': 'Folge',
  'card.minutes': '{minutes, number} Min.',
  'card.minutes-left': 'noch {minutes, number} Min.',
  'card.minutes-left-of-show': '{show} · noch {minutes, number} Min.',
};
