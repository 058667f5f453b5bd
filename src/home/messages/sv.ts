/** Swedish. */
import type { Templates } from './values.ts';

export const sv: Templates = {
  verbatim: '{text}',

  'heavy-rotation.title': 'Går varmt just nu',
  'heavy-rotation.reason': 'Det du har lyssnat mest på de senaste fyra veckorna',
  'recently-played.title': 'Nyligen spelat',
  'recently-played.reason': 'Det du lyssnade på senast',
  'jump-back-in.title': 'Hitta tillbaka',
  'jump-back-in.reason': 'En gång älskat, inte spelat på en månad',
  'new-episodes.title': 'Nya avsnitt av dina poddar',
  'new-episodes.reason': 'Från poddarna du följer',
  'new-episodes.card':
    '{days, plural, =0 {Släpptes i dag} =1 {Släpptes i går} one {Släpptes för # dag sedan} other {Släpptes för # dagar sedan}}',
  'more-like.title': 'Mer som {item}',
  'more-like.reason': 'För att du lyssnar på {item}',
  'recommended.title': 'Rekommenderat för dig',
  'recommended.reason': 'Nytt för dig och nära din smak',
  'something-different.title': 'Något annat',
  'something-different.reason': 'Ur genrer som du knappt har provat',
  'popular.title': 'Populärt i ditt land',
  'popular.reason': 'Det andra omkring dig lyssnar på',
  'popular.title-anywhere': 'Populärt just nu',
  'popular.reason-anywhere': 'Det man lyssnar på överallt',
  'popular-genre.title': 'Populärt inom {genre}',
  'popular-genre.reason': 'Det andra omkring dig lyssnar på inom {genre}',
  'popular-podcasts.title': 'Populära poddar',
  'popular-podcasts.reason': 'Poddar som andra omkring dig lyssnar på',
  'beyond-the-charts.title': 'Bortom topplistorna',
  'beyond-the-charts.reason': 'Älskat omkring dig, men inte av alla än',

  'shelf.sponsored': 'Annons',

  'card.track': 'Låt',
  'card.album': 'Album',
  'card.artist': 'Artist',
  'card.playlist': 'Spellista',
  'card.show': 'Podd',
  'card.episode': 'Avsnitt',
  'card.minutes': '{minutes, number} min',
  'card.minutes-left': '{minutes, number} min kvar',
  'card.minutes-left-of-show': '{show} · {minutes, number} min kvar',
};
