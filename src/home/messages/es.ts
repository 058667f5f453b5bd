/** Spanish, addressing the listener by "tú". */
import type { Templates } from './values.ts';

export const es: Templates = {
  verbatim: '{text}',

  'heavy-rotation.title': 'Lo que no dejas de escuchar',
  'heavy-rotation.reason': 'Lo que más has escuchado en las últimas cuatro semanas',
  'recently-played.title': 'Escuchado recientemente',
  'recently-played.reason': 'Lo último que has escuchado',
  'jump-back-in.title': 'Vuelve a escuchar',
  'jump-back-in.reason': 'Te encantaba y hace un mes que no lo escuchas',
  'new-episodes.title': 'Nuevos episodios de tus pódcasts',
  'new-episodes.reason': 'De los pódcasts que sigues',
  'new-episodes.card':
    '{days, plural, =0 {Publicado hoy} =1 {Publicado ayer} one {Publicado hace # día} many {Publicado hace # de días} other {Publicado hace # días}}',
  'more-like.title': 'Más como {item}',
  'more-like.reason': 'Porque escuchas {item}',
  'recommended.title': 'Recomendado para ti',
  'recommended.reason': 'Nuevo para ti y cercano a tus gustos',
  'something-different.title': 'Algo diferente',
  'something-different.reason': 'De géneros que apenas has probado',
  'popular.title': 'Popular en tu país',
  'popular.reason': 'Lo que se escucha a tu alrededor',
  'popular.title-anywhere': 'Popular ahora',
  'popular.reason-anywhere': 'Lo que se escucha en todas partes',
  'popular-genre.title': 'Popular en {genre}',
  'popular-genre.reason': 'Lo que se escucha a tu alrededor de {genre}',
  'popular-podcasts.title': 'Pódcasts populares',
  'popular-podcasts.reason': 'Pódcasts que se escuchan a tu alrededor',
  'beyond-the-charts.title': 'Más allá de las listas',
  'beyond-the-charts.reason': 'Querido a tu alrededor, y todavía no por todo el mundo',

  'shelf.sponsored': 'Patrocinado',

  'card.track': 'Canción',
  'card.album': 'Álbum',
  'card.artist': 'Artista',
  'card.playlist': 'Lista',
  'card.show': 'Pódcast',
  'card.episode': 'Episodio',
  'card.minutes': '{minutes, plural, one {# min} many {# de min} other {# min}}',
  'card.minutes-left': '{minutes, plural, one {queda # min} many {quedan # de min} other {quedan # min}}',
  'card.minutes-left-of-show':
    '{show} · {minutes, plural, one {queda # min} many {quedan # de min} other {quedan # min}}',
};
