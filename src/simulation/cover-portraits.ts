/** Covers of artists: faceless portraits, groups, emblems, animals. */
import type { Rng } from '../base/index.ts';
import { circle, fade, frame, glow, ground, hsl, type Palette, path, rect } from './cover-ink.ts';
import type { NameStyle } from './taxonomy.ts';

export function artistCover(rng: Rng, colours: Palette, style: NameStyle): string {
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
