/**
 * Errors: one class, one catalogue. An error names who is to blame, what happened and how to mend it.
 * Expected outcomes (a filtered card, a duplicate event, a rejected row) are data and never thrown.
 */

import { CATALOGUE, type ErrorCode } from './error-catalogue.ts';

export type Blame = 'caller' | 'operator' | 'bug';

export interface ErrorEntry {
  /** Who must act: the caller of the API, the operator of the platform, or the people who write Shelfwise. */
  readonly blame: Blame;
  /** HTTP status that the server answers with. */
  readonly status: number;
  /** What happened, in general. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

export class ShelfwiseError extends Error {
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly status: number;
  readonly remedy: string;
  /** Machine-readable particulars, such as the row or the field. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, particulars = '', options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    const entry: ErrorEntry = CATALOGUE[code];
    super(
      particulars ? `${entry.message}: ${particulars}` : entry.message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'ShelfwiseError';
    this.code = code;
    this.blame = entry.blame;
    this.status = entry.status;
    this.remedy = entry.remedy;
    this.details = Object.freeze({ ...options.details });
  }
}

export { CATALOGUE, type ErrorCode };

/** An error as another thread told it, by its code and message; of a code that is not ours, a plain error. */
export function toldError(code: string | undefined, message: string, cause?: unknown): Error {
  if (code === undefined || !Object.hasOwn(CATALOGUE, code)) return new Error(message, { cause });
  const opening = `${CATALOGUE[code as ErrorCode].message}: `;
  // The message begins with the catalogue's own sentence; what follows it are the particulars.
  const particulars = message.startsWith(opening) ? message.slice(opening.length) : message;
  return new ShelfwiseError(code as ErrorCode, particulars, { cause });
}

/** The text of anything thrown, for a log line or a report. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
