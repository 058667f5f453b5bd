/** Covers of albums: geometric prints, some with the words on them. */
import type { Rng } from '../base/index.ts';
import { circle, fade, frame, glow, ground, type Palette, path, rect, SIZE, text } from './cover-ink.ts';

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
    const shapes = ['', '', '', ''];
    for (let i = 0; i < 16; i++) {
      const x = 75 * (i % 4);
      const y = 75 * (i >> 2);
      const turns = [
        `M${x} ${y}h75a75 75 0 0 1-75 75z`,
        `M${x} ${y}v75h75a75 75 0 0 0-75-75z`,
        `M${x + 75} ${y + 75}h-75a75 75 0 0 1 75-75z`,
        `M${x + 75} ${y}v75a75 75 0 0 1-75-75z`,
        `M${x + 12} ${y + 37}a25 25 0 0 1 50 0a25 25 0 0 1-50 0z`,
      ];
      shapes[rng.below(4)] += turns[rng.below(5)];
    }
    return ground(c.ground) + shapes.map((d, i) => path(d, fills[i])).join('');
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
    const fills = [c.accent, c.middle, c.deep, c.ink];
    const shapes = ['', '', '', ''];
    for (let i = 0; i < 16; i++) {
      const corner = `M${75 * (i % 4)} ${75 * (i >> 2)}`;
      const chosen = rng.below(5);
      if (chosen < 4) shapes[chosen] += corner + (rng.uniform() < 0.5 ? 'h75v75z' : 'v75h75z');
    }
    return ground(c.ground) + shapes.map((d, i) => path(d, fills[i])).join('');
  },
  // Dots that grow.
  (rng, c) => {
    const focusX = rng.below(7);
    const focusY = rng.below(7);
    const shapes = ['', ''];
    for (let i = 0; i < 49; i++) {
      const x = i % 7;
      const y = Math.floor(i / 7);
      const r = Math.round(19 - 2.4 * Math.hypot(x - focusX, y - focusY));
      if (r < 3) continue;
      const arc = `a${r} ${r} 0 0 1 `;
      shapes[(x + y) % 3 === 0 ? 0 : 1] += `M${30 + 40 * x - r} ${30 + 40 * y}${arc}${2 * r} 0${arc}${-2 * r} 0`;
    }
    return ground(c.ground) + path(shapes[0], c.middle) + path(shapes[1], c.accent);
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

export function albumCover(rng: Rng, colours: Palette, title: string, artist: string): string {
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
