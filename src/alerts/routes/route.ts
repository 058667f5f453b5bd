/** A way out for notices. */
import type { Notice } from '../notice.ts';

export interface Attempt {
  readonly outcome: 'delivered' | 'failed' | 'refused';
  /** Why not, or what was left out; '' where nothing was. In words of ours: neither addresses nor what the other side said, for either may hold a secret. */
  readonly reason: string;
  /** The other side asked for so long a pause; 0 where it did not. */
  readonly pauseMs: number;
}

export interface Route {
  readonly name: string;
  /** One attempt; resolves whatever happens. */
  send(notice: Notice, nowMs: number): Promise<Attempt>;
  close(): void;
}

export const DELIVERED: Attempt = { outcome: 'delivered', reason: '', pauseMs: 0 };

export const failed = (reason: string, pauseMs = 0): Attempt => ({ outcome: 'failed', reason, pauseMs });

/** The code of an error of the network (`ECONNREFUSED`), wherever it stands; its message is left out. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  if (error.name === 'TimeoutError') return 'timeout';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : codeOf(error.cause);
}
