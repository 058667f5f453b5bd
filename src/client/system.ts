/** What the client takes from its surroundings: time, chance, ids. The one place that reads them; tests hand in their own. */

export interface ClientClock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /**
   * Runs once after so many milliseconds, unless the returned function is called before. In Node only what `holds` keeps the
   * process alive: somebody waits for it.
   */
  after(ms: number, run: () => void, holds?: boolean): () => void;
}

export const systemClock: ClientClock = {
  nowMs: () => Date.now(),
  after(ms, run, holds = false) {
    const timer = setTimeout(run, ms);
    if (!holds) (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};

export const systemRandom = (): number => Math.random();

const ID_BYTES = 15;

/** 120 random bits as 24 letters and digits. `crypto.randomUUID` is missing on pages that do not come over TLS; this is not. */
export function randomId(): string {
  let id = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(ID_BYTES))) id += byte.toString(36).padStart(2, '0');
  return id.slice(0, 2 * ID_BYTES);
}
