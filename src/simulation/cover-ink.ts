/** What covers are drawn with: palettes, shapes and words, as SVG. */
import { createRng, hash32, type Rng } from '../base/index.ts';

export const SIZE = 300;
export const FONT = 'Figtree,Helvetica Neue,Arial,sans-serif';

/** Five colours that belong together: ground, two middles, accent, ink. */
export interface Palette {
  readonly ground: string;
  readonly deep: string;
  readonly middle: string;
  readonly accent: string;
  readonly ink: string;
}

export function seeded(text: string): Rng {
  return createRng(hash32(text));
}

export function frame(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${content}</svg>`;
}

export function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${Math.round((hue + 720) % 360)} ${Math.round(saturation)}% ${Math.round(lightness)}%)`;
}

/** One of five moods of the two hues: dusk, pastel, print, night, paper. */
export function palette(rng: Rng, hues: readonly [number, number]): Palette {
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
        ink: hsl(first, 60, isDarkHue(first) ? 95 : 10),
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

export function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

export function circle(x: number, y: number, radius: number, fill: string, more = ''): string {
  return `<circle cx="${Math.round(x)}" cy="${Math.round(y)}" r="${Math.round(radius)}" fill="${fill}"${more}/>`;
}

export function path(d: string, fill: string, more = ''): string {
  return `<path d="${d}" fill="${fill}"${more}/>`;
}

export function ground(fill: string): string {
  return `<rect width="300" height="300" fill="${fill}"/>`;
}

export function fade(id: string, from: string, to: string, angle: number): string {
  return `<linearGradient id="${id}" gradientTransform="rotate(${angle} .5 .5)"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`;
}

/** A soft spot of light. */
export function glow(id: string, colour: string): string {
  return `<radialGradient id="${id}"><stop stop-color="${colour}"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`;
}

/** Ink for words on the deep colour. */
export function readable(colours: Palette): string {
  const lightness = Number(/ (\d+)%\)$/.exec(colours.deep)?.[1] ?? 0);
  return lightness > 50 ? colours.ink : '#fff';
}

export function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** One line, made smaller where it would run out of the cover. */
export function text(
  words: string,
  x: number,
  y: number,
  size: number,
  weight: number,
  fill: string,
  more = '',
): string {
  const fitting = Math.min(size, Math.floor((SIZE - 2 * x) / (words.length * (more === '' ? 0.56 : 0.82))));
  return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${Math.max(8, fitting)}" font-weight="${weight}" fill="${fill}"${more}>${escapeXml(words)}</text>`;
}

/** Up to three lines that end at `bottom`, as large as they fit. */
export function block(words: string, x: number, bottom: number, width: number, size: number, fill: string): string {
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

/** Blues and violets look dark at a lightness where yellows shine. */
function isDarkHue(hue: number): boolean {
  const turned = (hue + 720) % 360;
  return turned > 215 && turned < 315;
}
