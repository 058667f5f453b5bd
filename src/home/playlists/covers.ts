/**
 * Covers of generated playlists, as SVG of 300 x 300: a hue of what is in the playlist, a figure of what it is (the number
 * of a mix, a compass, a radar), and no words, so that one picture serves every language. They tell nothing of a listener.
 */
import { DAILY_MIXES, GENERATED_PREFIX, generatedId, slotOfId, WEEKLY_DISCOVERY } from '../../domain/index.ts';

/** Where a cover is found: `generated:daily-mix-1.212.svg`, with its hue in degrees. */
export function coverPath(slot: number, hue: number): string {
  return `/covers/${generatedId(slot)}.${hue}.svg`;
}

/** Neighbouring genres lie far apart on the wheel: the golden angle. */
export function hueOfGenre(genre: number): number {
  return Math.round((genre + 1) * 137.508) % 360;
}

/** The picture of `generated:SLOT.HUE`, or undefined where that is no name of one. */
export function generatedCover(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  if (!name.startsWith(GENERATED_PREFIX) || dot < 0 || !/^(0|[1-9]\d{0,2})$/.test(name.slice(dot + 1)))
    return undefined;
  const slot = slotOfId(name.slice(0, dot));
  const hue = Number(name.slice(dot + 1));
  return slot < 0 || hue >= 360 ? undefined : draw(slot, hue);
}

const FONT = 'Figtree,Helvetica Neue,Arial,sans-serif';

function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${(hue + 720) % 360} ${saturation}% ${lightness}%)`;
}

function draw(slot: number, hue: number): string {
  const second = hue + (slot % 2 === 0 ? 48 : -52);
  const glow = (id: string, colour: string) =>
    `<radialGradient id="${id}"><stop stop-color="${colour}"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`;
  const defs =
    `<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop stop-color="${hsl(hue, 64, 30)}"/>` +
    `<stop offset="1" stop-color="${hsl(second, 66, 17)}"/></linearGradient>` +
    `${glow('a', hsl(second, 88, 62))}${glow('b', hsl(hue + 24, 92, 58))}</defs>`;
  const figure = slot < DAILY_MIXES ? mix(slot, hue) : slot === WEEKLY_DISCOVERY ? compass(hue) : radar(hue);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 300">${defs}<rect width="300" height="300" fill="url(#g)"/>` +
    `<circle cx="${250 - 22 * slot}" cy="40" r="190" fill="url(#a)" opacity=".8"/>` +
    `<circle cx="${30 + 26 * slot}" cy="290" r="170" fill="url(#b)" opacity=".7"/>${figure}${BOOKS}</svg>`
  );
}

/** Three books on a shelf: the mark of what Home makes itself. */
const BOOKS =
  '<g fill="#fff" opacity=".92"><path d="M24 26h8v24h-8zM35 30h8v20h-8zM47 27l8-2 6 23-8 2zM22 52h42v3H22z"/></g>';

/** Bars of sound behind the number of the mix. */
function mix(slot: number, hue: number): string {
  let bars = '';
  for (let i = 0; i < 13; i++) {
    const height = 26 + 62 * (1 + Math.sin(1.7 * i + 2.3 * slot)) * (0.55 + 0.45 * Math.sin(0.31 * i + slot));
    bars += `<rect x="${24 + 20 * i}" y="${(196 - height / 2).toFixed(1)}" width="10" height="${height.toFixed(1)}" rx="5"/>`;
  }
  return (
    `<g fill="${hsl(hue, 90, 88)}" opacity=".34">${bars}</g>` +
    `<text x="276" y="276" text-anchor="end" font-family="${FONT}" font-size="190" font-weight="800" letter-spacing="-8" fill="#fff">${slot + 1}</text>`
  );
}

function compass(hue: number): string {
  let marks = '';
  for (let i = 0; i < 24; i++)
    marks += `<path d="M150 ${i % 6 === 0 ? 62 : 70}V80" transform="rotate(${15 * i} 150 168)"/>`;
  return (
    `<g fill="none" stroke="#fff"><circle cx="150" cy="168" r="106" stroke-width="3" opacity=".35"/><g stroke-width="4" stroke-linecap="round" opacity=".75">${marks}</g></g>` +
    `<g transform="rotate(38 150 168)"><path d="M150 88l22 80h-44z" fill="#fff"/><path d="M150 248l22-80h-44z" fill="${hsl(hue, 95, 82)}" opacity=".55"/></g><circle cx="150" cy="168" r="9" fill="${hsl(hue, 70, 24)}"/>`
  );
}

function radar(hue: number): string {
  const rings = [40, 74, 108]
    .map((radius, i) => `<circle cx="150" cy="168" r="${radius}" opacity="${(0.8 - 0.2 * i).toFixed(1)}"/>`)
    .join('');
  return (
    `<path d="M150 168L150 60A108 108 0 0 1 243.5 114z" fill="#fff" opacity=".28"/>` +
    `<g fill="none" stroke="#fff" stroke-width="4">${rings}<path d="M150 168V60" stroke-linecap="round"/></g>` +
    `<g fill="${hsl(hue, 95, 84)}"><circle cx="196" cy="112" r="9"/><circle cx="98" cy="208" r="7"/><circle cx="214" cy="196" r="6"/></g><circle cx="150" cy="168" r="10" fill="#fff"/>`
  );
}
