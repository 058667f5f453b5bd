/**
 * Generated cover art: SVG of 300 x 300, at most 3 KB, drawn from the item's own seed and the colours of its genre.
 * Artists get faceless portraits, groups or emblems; albums geometric prints; playlists gradients with their title;
 * shows and episodes a badge with sound rings. Tracks show the cover of their album.
 */
import { createRng, hash32, type Rng } from '../base/index.ts';
import { parseItemId, type WorldCatalogue } from './catalogue.ts';
import { GENRE_COUNT, GENRES, type NameStyle, TOPICS } from './taxonomy.ts';

const SIZE = 300;
const FONT = 'Figtree,Helvetica Neue,Arial,sans-serif';

/** Five colours that belong together: ground, two middles, accent, ink. */
interface Palette {
  readonly ground: string;
  readonly deep: string;
  readonly middle: string;
  readonly accent: string;
  readonly ink: string;
}

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

function seeded(text: string): Rng {
  return createRng(hash32(text));
}

function frame(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${content}</svg>`;
}

function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${Math.round((hue + 720) % 360)} ${Math.round(saturation)}% ${Math.round(lightness)}%)`;
}

/** One of five moods of the two hues: dusk, pastel, print, night, paper. */
function palette(rng: Rng, hues: readonly [number, number]): Palette {
  const turn = 24 * (rng.uniform() - 0.5);
  const swap = rng.uniform() < 0.35;
  const first = (swap ? hues[1] : hues[0]) + turn;
  const second = (swap ? hues[0] : hues[1]) + turn;
  switch (rng.below(5)) {
    case 0:
      return {
        ground: hsl(first, 55, 24),
        deep: hsl(first + 14, 50, 15),
        middle: hsl(first, 60, 45),
        accent: hsl(second, 85, 66),
        ink: hsl(second, 60, 92),
      };
    case 1:
      return {
        ground: hsl(first, 60, 86),
        deep: hsl(first, 42, 66),
        middle: hsl(second, 55, 74),
        accent: hsl(second, 62, 50),
        ink: hsl(first, 45, 20),
      };
    case 2:
      return {
        ground: hsl(first, 70, 52),
        deep: hsl(first, 65, 36),
        middle: hsl(second, 72, 60),
        accent: hsl(second, 85, 80),
        ink: hsl(first, 60, 12),
      };
    case 3:
      return {
        ground: hsl(first, 28, 11),
        deep: hsl(first, 40, 6),
        middle: hsl(first, 62, 34),
        accent: hsl(second, 90, 60),
        ink: hsl(second, 40, 90),
      };
    default:
      return {
        ground: hsl(42, 38, 90),
        deep: hsl(36, 24, 78),
        middle: hsl(first, 58, 52),
        accent: hsl(second, 66, 46),
        ink: hsl(first, 40, 16),
      };
  }
}

function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function circle(x: number, y: number, radius: number, fill: string, more = ''): string {
  return `<circle cx="${Math.round(x)}" cy="${Math.round(y)}" r="${Math.round(radius)}" fill="${fill}"${more}/>`;
}

function path(d: string, fill: string, more = ''): string {
  return `<path d="${d}" fill="${fill}"${more}/>`;
}

function ground(fill: string): string {
  return `<rect width="300" height="300" fill="${fill}"/>`;
}

function fade(id: string, from: string, to: string, angle: number): string {
  return `<linearGradient id="${id}" gradientTransform="rotate(${angle} .5 .5)"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`;
}

/** A soft spot of light. */
function glow(id: string, colour: string): string {
  return `<radialGradient id="${id}"><stop stop-color="${colour}"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`;
}

// ---- artists -------------------------------------------------------------------------------------------------------

function artistCover(rng: Rng, colours: Palette, style: NameStyle): string {
  const backdrop =
    `<defs>${fade('g', colours.middle, colours.ground, rng.below(8) * 45)}${glow('l', colours.accent)}</defs>${ground('url(#g)')}` +
    circle(60 + 180 * rng.uniform(), 50 + 110 * rng.uniform(), 120 + 60 * rng.uniform(), 'url(#l)', ' opacity=".75"');
  switch (style) {
    case 'band':
    case 'ensemble': {
      const people = [
        figure(rng, 78, 150, 0.62, colours.deep, colours.middle),
        figure(rng, 226, 146, 0.64, colours.deep, colours.accent),
        figure(rng, 150, 128, 0.78, colours.ink, colours.ground),
      ];
      return frame(backdrop + people.join(''));
    }
    case 'alias':
      return frame(backdrop + emblem(rng, colours));
    case 'children':
      return frame(backdrop + animal(rng, colours));
    default:
      return frame(backdrop + figure(rng, 150, 126, 1, colours.deep, colours.ink));
  }
}

/** Head and shoulders without a face: hair in one colour, clothes in the other. */
function figure(rng: Rng, x: number, y: number, scale: number, hair: string, clothes: string): string {
  const skin = hsl(18 + 14 * rng.uniform(), 38 + 22 * rng.uniform(), 30 + 48 * rng.uniform());
  const shade = 'rgb(0 0 0/.14)';
  const shapes: string[] = [];
  const cut = rng.below(7);
  if (cut === 0) shapes.push(circle(0, -14, 78, hair)); // afro
  if (cut === 1) shapes.push(path('M-62 96C-78-10-58-74 0-76S78-10 62 96Z', hair)); // long
  if (cut === 2) shapes.push(circle(2, -82, 26, hair)); // bun
  if (cut === 3) shapes.push(path('M-60 34C-70-60-30-78 0-78S70-60 60 34Z', hair)); // bob
  shapes.push(path('M-118 190C-112 104-58 88 0 88S112 104 118 190Z', clothes));
  shapes.push(path('M-22 40H22V84C22 104-22 104-22 84Z', skin), path('M-22 52H22V66C10 78-10 78-22 66Z', shade));
  shapes.push(`<ellipse rx="46" ry="58" fill="${skin}"/>`);
  if (cut === 4)
    shapes.push(path('M-50 2C-56-66-18-76 4-74C44-72 56-40 50 2C40-30 10-34-10-44C-24-30-44-24-50 2Z', hair)); // short
  else if (cut === 5)
    shapes.push(path('M-78-30H78V-20H-78ZM-46-30C-44-84 44-84 46-30Z', hair)); // hat
  else if (cut === 6)
    shapes.push(path('M-49-14C-52-78 52-78 49-14L84-10C86-2 60-2 48-6Z', hair)); // cap
  else shapes.push(path('M-48 4C-52-52-20-66 2-64C36-64 52-40 48 4C36-22 6-26-16-36C-28-24-42-18-48 4Z', hair));
  if (rng.uniform() < 0.3) {
    shapes.push(
      `<g fill="none" stroke="${hair}" stroke-width="5"><circle cx="-20" cy="4" r="15"/><circle cx="20" cy="4" r="15"/><path d="M-5 2H5"/></g>`,
    );
  }
  const lean = Math.round(10 * (rng.uniform() - 0.5));
  return `<g transform="translate(${x} ${y}) scale(${scale}) rotate(${lean})">${shapes.join('')}</g>`;
}

function emblem(rng: Rng, colours: Palette): string {
  const shapes: string[] = [];
  const turn = rng.below(360);
  switch (rng.below(4)) {
    case 0: // rings, cut and turned
      for (let r = 112; r >= 22; r -= 15) {
        const dash = Math.round(r * (1.5 + 4 * rng.uniform()));
        shapes.push(
          `<circle r="${r}" fill="none" stroke="${r % 2 === 0 ? colours.accent : colours.ink}" stroke-width="7" stroke-dasharray="${dash} ${Math.round(r * 0.9)}" transform="rotate(${rng.below(360)})"/>`,
        );
      }
      break;
    case 1: // an orb with bands
      shapes.push(circle(0, 0, 104, colours.deep), path('M-104 0A104 104 0 0 1 104 0Z', colours.accent));
      for (let y = 12; y < 96; y += 18) shapes.push(rect(-110, y, 220, Math.round(4 + y / 9), colours.accent));
      break;
    case 2: {
      // petals
      const petals = 5 + rng.below(6);
      for (let i = 0; i < petals; i++) {
        shapes.push(
          `<ellipse cy="-62" rx="${Math.round(150 / petals + 10)}" ry="62" fill="${i % 2 === 0 ? colours.accent : colours.ink}" opacity=".72" transform="rotate(${Math.round((360 * i) / petals)})"/>`,
        );
      }
      shapes.push(circle(0, 0, 26, colours.deep));
      break;
    }
    default: {
      // a crystal
      const corners = Array.from({ length: 6 }, (_, i) => {
        const angle = (Math.PI * 2 * i) / 6;
        const radius = 80 + 45 * rng.uniform();
        return [Math.round(radius * Math.cos(angle)), Math.round(radius * Math.sin(angle))];
      });
      const fills = [colours.accent, colours.middle, colours.deep, colours.ink, colours.ground, colours.accent];
      corners.forEach(([x, y], i) => {
        const [nextX, nextY] = corners[(i + 1) % 6];
        shapes.push(path(`M0 0L${x} ${y}L${nextX} ${nextY}Z`, fills[i], ' opacity=".92"'));
      });
    }
  }
  return `<g transform="translate(150 150) rotate(${turn})">${shapes.join('')}</g>`;
}

function animal(rng: Rng, colours: Palette): string {
  const fur = hsl(rng.below(360), 62, 62);
  const dark = colours.ink;
  const ears = rng.below(3);
  const shapes: string[] = [];
  if (ears === 0)
    shapes.push(
      circle(82, 84, 40, fur),
      circle(218, 84, 40, fur),
      circle(82, 84, 20, colours.accent),
      circle(218, 84, 20, colours.accent),
    );
  else if (ears === 1)
    shapes.push(
      path('M66 150L84 34L146 96ZM234 150L216 34L154 96Z', fur),
      path('M82 120L92 62L124 96ZM218 120L208 62L176 96Z', colours.accent),
    );
  else
    shapes.push(
      `<g fill="${fur}"><ellipse cx="112" cy="58" rx="22" ry="62" transform="rotate(-8 112 58)"/><ellipse cx="188" cy="58" rx="22" ry="62" transform="rotate(8 188 58)"/></g>`,
    );
  shapes.push(
    `<ellipse cx="150" cy="168" rx="98" ry="90" fill="${fur}"/><ellipse cx="150" cy="202" rx="46" ry="36" fill="#fff" opacity=".55"/>`,
  );
  shapes.push(
    circle(112, 152, 11, dark),
    circle(188, 152, 11, dark),
    circle(116, 148, 4, '#fff'),
    circle(192, 148, 4, '#fff'),
  );
  shapes.push(
    `<ellipse cx="150" cy="182" rx="15" ry="10" fill="${dark}"/><path d="M126 204Q150 228 174 204" fill="none" stroke="${dark}" stroke-width="6" stroke-linecap="round"/>`,
  );
  shapes.push(
    circle(84, 190, 14, colours.accent, ' opacity=".5"'),
    circle(216, 190, 14, colours.accent, ' opacity=".5"'),
  );
  return shapes.join('');
}

// ---- albums --------------------------------------------------------------------------------------------------------

type Print = (rng: Rng, colours: Palette) => string;

const PRINTS: readonly Print[] = [
  // A sun over the sea.
  (rng, c) => {
    const x = 90 + rng.below(120);
    const y = 120 + rng.below(50);
    const r = 56 + rng.below(34);
    let out = `<defs>${fade('g', c.middle, c.ground, 90)}</defs>${ground('url(#g)')}${circle(x, y, r, c.accent)}`;
    for (let line = y + 8, step = 7; line < SIZE; line += step + 7, step += 2)
      out += rect(0, line, SIZE, step, line % 2 === 0 ? c.deep : c.middle);
    return out;
  },
  // Quarter circles on tiles.
  (rng, c) => {
    const fills = [c.accent, c.middle, c.deep, c.ink];
    const turns = [
      'M0 0H75A75 75 0 0 1 0 75Z',
      'M75 0V75A75 75 0 0 1 0 0Z',
      'M75 75H0A75 75 0 0 1 75 0Z',
      'M0 75V0A75 75 0 0 1 75 75Z',
    ];
    let out = ground(c.ground);
    for (let i = 0; i < 16; i++) {
      const at = ` transform="translate(${75 * (i % 4)} ${75 * (i >> 2)})"`;
      const fill = fills[rng.below(4)];
      out += rng.uniform() < 0.2 ? circle(37, 37, 26, fill, at) : path(turns[rng.below(4)], fill, at);
    }
    return out;
  },
  // Waves.
  (rng, c) => {
    const fills = [c.accent, c.middle, c.deep, c.ink];
    let out = ground(c.ground) + circle(60 + rng.below(180), 62, 34, c.accent);
    const amplitude = 14 + rng.below(22);
    for (let i = 0; i < 6; i++) {
      const y = 92 + 36 * i;
      const bend = i % 2 === 0 ? amplitude : -amplitude;
      out += path(`M0 ${y}Q75 ${y - bend * 2} 150 ${y}T300 ${y}V300H0Z`, fills[(i + 1) % 4], ' opacity=".86"');
    }
    return out;
  },
  // Arcs around a corner.
  (rng, c) => {
    const corner = [
      [0, 0],
      [300, 0],
      [0, 300],
      [300, 300],
      [150, 300],
    ][rng.below(5)];
    const fills = [c.accent, c.ground, c.middle, c.ground, c.deep];
    let out = ground(c.ground);
    for (let i = 0, r = 290; r > 20; r -= 22 + rng.below(16), i++) out += circle(corner[0], corner[1], r, fills[i % 5]);
    return out + circle(300 - corner[0] * 0.6 - 60, 300 - corner[1] * 0.6 - 60, 22, c.ink);
  },
  // Triangles.
  (rng, c) => {
    const fills = [c.accent, c.middle, c.deep, c.ink, c.ground];
    let out = ground(c.ground);
    for (let i = 0; i < 16; i++) {
      const x = 75 * (i % 4);
      const y = 75 * (i >> 2);
      out +=
        rng.uniform() < 0.5
          ? path(`M${x} ${y}h75v75z`, fills[rng.below(5)])
          : path(`M${x} ${y}v75h75z`, fills[rng.below(5)]);
    }
    return out;
  },
  // Dots that grow.
  (rng, c) => {
    let out = ground(c.ground);
    const focusX = rng.below(7);
    const focusY = rng.below(7);
    for (let i = 0; i < 49; i++) {
      const x = i % 7;
      const y = Math.floor(i / 7);
      const r = 19 - 2.4 * Math.hypot(x - focusX, y - focusY);
      if (r > 2) out += circle(30 + 40 * x, 30 + 40 * y, r, (x + y) % 3 === 0 ? c.middle : c.accent);
    }
    return out;
  },
  // Stripes behind a disc.
  (rng, c) => {
    const angle = [0, 30, 45, 90, 135][rng.below(5)];
    let bands = '';
    for (let x = -100; x < 400; x += 40)
      bands += rect(x, -100, 10 + rng.below(26), 500, rng.uniform() < 0.5 ? c.middle : c.deep);
    const r = 70 + rng.below(40);
    const half =
      rng.uniform() < 0.5
        ? path(`M${150 - r} 150A${r} ${r} 0 0 1 ${150 + r} 150Z`, c.ink, ` transform="rotate(${angle + 20} 150 150)"`)
        : '';
    return `${ground(c.ground)}<g transform="rotate(${angle} 150 150)">${bands}</g>${circle(150, 150, r, c.accent)}${half}`;
  },
  // Hills at night.
  (rng, c) => {
    let out = `<defs>${fade('g', c.deep, c.middle, 90)}</defs>${ground('url(#g)')}`;
    for (let i = 0; i < 14; i++) out += circle(rng.below(300), rng.below(150), 1 + rng.below(2), c.ink);
    out += circle(60 + rng.below(180), 70 + rng.below(40), 30, c.accent);
    const fills = [c.middle, c.ground, c.deep];
    for (let i = 0; i < 3; i++) {
      const y = 165 + 42 * i;
      const peaks = [0, 1, 2, 3, 4].map((k) => `L${75 * k} ${y - 30 + rng.below(60)}`).join('');
      out += path(`M0 300${peaks}L300 300Z`, fills[i]);
    }
    return out;
  },
  // Soft colour.
  (rng, c) => {
    let out = `<defs>${glow('a', c.accent)}${glow('b', c.middle)}${glow('c', c.ink)}</defs>${ground(c.ground)}`;
    for (const id of ['b', 'a', 'c', 'b', 'a'])
      out += circle(rng.below(300), rng.below(300), 90 + rng.below(110), `url(#${id})`, ' opacity=".8"');
    return out;
  },
  // Contour lines.
  (rng, c) => {
    const d = `M-20 ${120 + rng.below(60)}C60 ${20 + rng.below(80)} 120 ${220 + rng.below(60)} 180 ${130 + rng.below(50)}S280 ${60 + rng.below(80)} 330 ${140 + rng.below(60)}`;
    let lines = '';
    for (let i = -7; i <= 8; i++) lines += `<use href="#p" y="${i * 21}"/>`;
    return `<defs><path id="p" d="${d}"/></defs>${ground(c.ground)}<g fill="none" stroke="${c.accent}" stroke-width="${3 + rng.below(8)}">${lines}</g>${circle(70 + rng.below(160), 80 + rng.below(140), 34, c.ink)}`;
  },
];

function albumCover(rng: Rng, colours: Palette, title: string, artist: string): string {
  const print = PRINTS[rng.below(PRINTS.length)](rng, colours);
  const u = rng.uniform();
  if (u < 0.3) return frame(print);
  if (u < 0.55) {
    // A framed print with its words below.
    const words = `${text(title, 24, 262, 19, 700, colours.ink)}${text(artist, 24, 282, 13, 500, colours.ink)}`;
    return frame(
      `${ground(colours.ground)}<svg x="24" y="24" width="252" height="212" viewBox="0 30 300 252" preserveAspectRatio="xMidYMid slice">${print}</svg>${words}`,
    );
  }
  if (u < 0.8)
    return frame(
      `${print}${rect(0, 246, 300, 54, colours.ink)}${text(title, 18, 270, 19, 700, colours.ground)}${text(artist, 18, 288, 12, 500, colours.ground)}`,
    );
  return frame(
    `${print}${rect(18, 18, 264, 2, colours.ink)}${text(artist.toUpperCase(), 18, 38, 12, 700, colours.ink, ' letter-spacing="2"')}`,
  );
}

// ---- playlists, shows, episodes ------------------------------------------------------------------------------------

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

/** Ink for words on the deep colour. */
function readable(colours: Palette): string {
  const lightness = Number(/ (\d+)%\)$/.exec(colours.deep)?.[1] ?? 0);
  return lightness > 50 ? colours.ink : '#fff';
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** One line, made smaller where it would run out of the cover. */
function text(words: string, x: number, y: number, size: number, weight: number, fill: string, more = ''): string {
  const fitting = Math.min(size, Math.floor((SIZE - 2 * x) / (words.length * (more === '' ? 0.56 : 0.82))));
  return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${Math.max(8, fitting)}" font-weight="${weight}" fill="${fill}"${more}>${escapeXml(words)}</text>`;
}

/** Up to three lines that end at `bottom`, as large as they fit. */
function block(words: string, x: number, bottom: number, width: number, size: number, fill: string): string {
  const lines = wrap(
    words,
    words.length > 26 ? Math.ceil(words.length / 3) + 3 : words.length > 11 ? Math.ceil(words.length / 2) + 2 : 20,
  );
  const longest = Math.max(...lines.map((line) => line.length));
  const fitting = Math.round(Math.max(16, Math.min(size, width / (longest * 0.6))));
  return lines
    .map((line, i) => {
      const y = Math.round(bottom - (lines.length - 1 - i) * fitting * 1.06);
      return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${fitting}" font-weight="800" fill="${fill}">${escapeXml(line)}</text>`;
    })
    .join('');
}

function wrap(words: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && (last.length + word.length + 1 <= width || lines.length === 3))
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
