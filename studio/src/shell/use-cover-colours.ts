/** Colours of covers, for the light that falls from them on the page. Drawn small and read back; all covers come from our own server. */
import { useEffect, useState } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import { coloursOf } from './identity.ts';

const SIDE = 8;
const known = new Map<string, string>();

/** Mean of the pixels, each weighted by how colourful it is, so that grey surroundings do not win. */
function dominantColour(pixels: Uint8ClampedArray): string {
  let red = 0;
  let green = 0;
  let blue = 0;
  let total = 0;
  for (let at = 0; at + 3 < pixels.length; at += 4) {
    const r = pixels[at] as number;
    const g = pixels[at + 1] as number;
    const b = pixels[at + 2] as number;
    const weight = 8 + Math.max(r, g, b) - Math.min(r, g, b);
    red += r * weight;
    green += g * weight;
    blue += b * weight;
    total += weight;
  }
  const mean = (sum: number) => Math.round(sum / Math.max(total, 1));
  return `rgb(${mean(red)} ${mean(green)} ${mean(blue)})`;
}

async function readColour(address: string): Promise<string> {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no 2d canvas');
  context.drawImage(image, 0, 0, SIDE, SIDE);
  return dominantColour(context.getImageData(0, 0, SIDE, SIDE).data);
}

/** A colour a card: that of its cover once it is read, and the one of its id until then or where there is none. */
export function useCoverColours(cards: readonly Pick<PageCard, 'id' | 'image'>[]): readonly string[] {
  const [, setRead] = useState(0);
  const wanted = cards.map((card) => card.image).join('\n');
  useEffect(() => {
    let current = true;
    for (const address of wanted.split('\n')) {
      if (address === '' || known.has(address)) continue;
      readColour(address).then(
        (colour) => {
          known.set(address, colour);
          if (current) setRead((count) => count + 1);
        },
        (failure: unknown) => console.debug(`No colour from ${address}:`, failure),
      );
    }
    return () => {
      current = false;
    };
  }, [wanted]);
  return cards.map((card) => known.get(card.image) ?? coloursOf(card.id)[0]);
}
