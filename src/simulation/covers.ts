/**
 * Generated cover art: SVG of 300 x 300, at most 3 KB, drawn from the item's own seed and the colours of its genre.
 * Artists get faceless portraits, groups or emblems; albums geometric prints; playlists gradients with their title;
 * shows and episodes a badge with sound rings. Tracks show the cover of their album.
 */
import { hash32, type Rng } from '../base/index.ts';
import { parseItemId, type WorldCatalogue } from './catalogue.ts';
import {
  block,
  circle,
  escapeXml,
  FONT,
  fade,
  frame,
  glow,
  ground,
  hsl,
  type Palette,
  palette,
  readable,
  rect,
  seeded,
  text,
} from './cover-ink.ts';
import { artistCover } from './cover-portraits.ts';
import { albumCover } from './cover-prints.ts';
import { GENRE_COUNT, GENRES, TOPICS } from './taxonomy.ts';

export function coverSvg(catalogue: WorldCatalogue, itemId: string): string {
  const parsed = parseItemId(catalogue, itemId);
  if (parsed === null) return frame(`<rect width="300" height="300" fill="hsl(${hash32(itemId) % 360} 30% 45%)"/>`);
  const { index } = parsed;
  switch (parsed.kind) {
    case 'artist': {
      const genre = GENRES[catalogue.artists.genre[index]];
      const rng = seeded(`artist ${catalogue.artists.name[index]} ${index}`);
      return artistCover(rng, palette(rng, genre.hues), genre.styles[rng.below(genre.styles.length)]);
    }
    case 'album':
    case 'track': {
      const album = parsed.kind === 'album' ? index : catalogue.tracks.album[index];
      const artist = catalogue.albums.artist[album];
      const rng = seeded(`album ${catalogue.albums.title[album]} ${album}`);
      const colours = palette(rng, GENRES[catalogue.artists.genre[artist]].hues);
      return albumCover(rng, colours, catalogue.albums.title[album], catalogue.artists.name[artist]);
    }
    case 'playlist': {
      const rng = seeded(`playlist ${catalogue.playlists.title[index]}`);
      return playlistCover(rng, GENRES[catalogue.playlists.genre[index]].hues, catalogue.playlists.title[index]);
    }
    case 'show':
    case 'episode': {
      const show = parsed.kind === 'show' ? index : catalogue.episodes.show[index];
      const rng = seeded(`show ${catalogue.shows.title[show]}`);
      const colours = palette(rng, TOPICS[catalogue.shows.topic[show] - GENRE_COUNT].hues);
      const number = parsed.kind === 'show' ? '' : catalogue.episodes.title[index].split(' ', 1)[0];
      return showCover(rng, colours, catalogue.shows.title[show], catalogue.shows.host[show], number);
    }
  }
}

function playlistCover(rng: Rng, hues: readonly [number, number], title: string): string {
  const first = hues[0] + rng.below(30) - 15;
  const second = hues[1] + rng.below(30) - 15;
  const defs = `<defs>${fade('g', hsl(first, 72, 34), hsl(second, 68, 26), rng.below(8) * 45)}${glow('a', hsl(second, 90, 62))}${glow('b', hsl(first + 30, 90, 60))}</defs>`;
  const lights =
    circle(rng.below(300), rng.below(140), 150 + rng.below(60), 'url(#a)', ' opacity=".85"') +
    circle(rng.below(300), 160 + rng.below(160), 130 + rng.below(70), 'url(#b)', ' opacity=".7"');
  // Three books on a shelf: the mark of the editors.
  const mark = '<g fill="#fff"><path d="M24 26h8v24h-8zM35 30h8v20h-8zM47 27l8-2 6 23-8 2zM22 52h42v3H22z"/></g>';
  return frame(`${defs}${ground('url(#g)')}${lights}${mark}${block(title, 24, 276, 252, 40, '#fff')}`);
}

function showCover(rng: Rng, colours: Palette, title: string, host: string, number: string): string {
  const x = 180 + rng.below(100);
  const y = 40 + rng.below(70);
  let rings = '';
  for (let r = 38; r < 260; r += 26 + rng.below(10)) {
    rings += `<circle cx="${x}" cy="${y}" r="${r}" stroke-opacity="${(1 - r / 290).toFixed(2)}"/>`;
  }
  const microphone = `<g transform="translate(${x - 14} ${y - 24})"><rect width="28" height="40" rx="14" fill="${colours.ink}"/><path d="M-8 22a22 22 0 0 0 44 0M14 44v12" fill="none" stroke="${colours.ink}" stroke-width="5"/></g>`;
  const back =
    rng.uniform() < 0.5
      ? ground(colours.ground)
      : `<defs>${fade('g', colours.ground, colours.deep, 90)}</defs>${ground('url(#g)')}`;
  const badge =
    number === ''
      ? ''
      : `<rect x="20" y="20" width="${30 + 17 * number.length}" height="42" rx="21" fill="${colours.accent}"/><text x="36" y="49" font-family="${FONT}" font-size="24" font-weight="800" fill="${colours.deep}">${escapeXml(number)}</text>`;
  return frame(
    `${back}<g fill="none" stroke="${colours.accent}" stroke-width="9">${rings}</g>${circle(x, y, 40, colours.accent)}${microphone}${badge}` +
      `${rect(0, 176, 300, 124, colours.deep)}${block(title, 20, 262, 260, 30, readable(colours))}${text(host, 20, 286, 14, 500, readable(colours))}`,
  );
}
