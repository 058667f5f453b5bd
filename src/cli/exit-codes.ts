/** Exit codes of `shelfwise`; documented in its help. */
import { type ErrorCode, ShelfwiseError } from '../base/index.ts';

export const EXIT = {
  ok: 0,
  /** It ran, and found something: not equal, not healthy, not there, rows refused. */
  finding: 1,
  /** The command line or the request is not valid. */
  usage: 2,
  /** The platform cannot do it, or does not answer. */
  platform: 3,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

export const EXIT_HELP = `
Exit codes:
  0    done, and all is well
  1    done, with a finding: not equal, not healthy, not found, rows refused
  2    the command line or the request is not valid
  3    the platform cannot do it, or does not answer
  130  stopped by Ctrl-C`;

const NOT_THERE: ReadonlySet<ErrorCode> = new Set([
  'ALERT_NOT_FOUND',
  'ALERT_RULE_NOT_FOUND',
  'ALERT_SILENCE_NOT_FOUND',
  'DATA_SCHEMA_NOT_FOUND',
  'DATA_SET_NOT_FOUND',
  'DECISION_ERASED',
  'DECISION_NOT_FOUND',
  'ERASURE_NOT_FOUND',
  'ITEM_NOT_FOUND',
  'KEY_NOT_FOUND',
  'LISTENER_NOT_FOUND',
  'MODEL_NOT_FOUND',
]);

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof ShelfwiseError)) return EXIT.platform;
  if (NOT_THERE.has(error.code)) return EXIT.finding;
  return error.blame === 'caller' && error.code !== 'UNAUTHORISED' && error.code !== 'RATE_LIMITED'
    ? EXIT.usage
    : EXIT.platform;
}
