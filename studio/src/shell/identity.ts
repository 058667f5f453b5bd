/** Random ids, the session of a tab, and the faces of those who have no picture. */

/** A random id that also works where the page is not a secure context. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A whole number from 0 below `bound`. */
export function randomBelow(bound: number): number {
  const word = crypto.getRandomValues(new Uint32Array(1))[0] as number;
  return Math.floor((word / 2 ** 32) * bound);
}

/** One session a listener and tab: the platform carries what was seen in it. */
export function sessionOf(listenerId: string): string {
  const name = `shelfwise-session:${listenerId}`;
  const known = sessionStorage.getItem(name);
  if (known !== null) return known;
  const fresh = randomId();
  sessionStorage.setItem(name, fresh);
  return fresh;
}

/** FNV-1a, mixed once more so that neighbouring ids get different colours. */
export function hashOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Two colours that always belong to the same id, calm enough for text upon them. */
export function coloursOf(id: string): readonly [string, string] {
  const hash = hashOfText(id);
  const hue = hash % 360;
  const other = (hue + 35 + ((hash >>> 9) % 70)) % 360;
  return [`hsl(${hue} 48% 42%)`, `hsl(${other} 52% 28%)`];
}

/** Up to two letters or digits that stand for a name. */
export function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  if (words.length === 0) return '♪';
  const first = words[0] as string;
  const last = words.at(-1) as string;
  const letters = words.length === 1 ? [...first].slice(0, 2).join('') : `${[...first][0]}${[...last][0]}`;
  return letters.toUpperCase();
}

/** How a listener is called on the page: bare numbers get a noun. */
export function listenerName(id: string): string {
  return /^\d+$/.test(id) ? `Listener ${id}` : id;
}
