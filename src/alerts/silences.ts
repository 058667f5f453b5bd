/** Silences: alerts that nobody is told of for a while; they go on being kept. */
import { requireRange, ShelfwiseError } from '../base/index.ts';
import type { StoredSilence } from '../store/index.ts';
import { globMatches } from './findings.ts';
import type { Alert } from './judge.ts';

const FIELDS = ['rule', 'source', 'name', 'feature', 'slice'] as const;

/** What is given must match; `*` stands for any run of characters. */
export type Matcher = Partial<Pick<Alert, (typeof FIELDS)[number]>>;

export interface Silence {
  readonly id: string;
  readonly matcher: Matcher;
  readonly author: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Throws OPTION_INVALID for one without an author, a reason or a subject, or that has ended before it begins. */
export function checkSilence(silence: Omit<Silence, 'id'>): void {
  const { author, reason, matcher, fromMs, untilMs } = silence;
  if (author.trim() === '' || reason.trim() === '') {
    throw new ShelfwiseError('OPTION_INVALID', 'a silence has an author and a reason');
  }
  const keys = Object.keys(matcher);
  if (keys.length === 0 || keys.some((key) => !(FIELDS as readonly string[]).includes(key))) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `a silence names at least one of ${FIELDS.join(', ')}, and nothing else`,
    );
  }
  requireRange('silence', 'untilMs', untilMs, fromMs + 1, Number.MAX_SAFE_INTEGER);
}

export const storedSilence = ({ matcher, ...rest }: Silence): StoredSilence => ({
  ...rest,
  matcher: JSON.stringify(matcher),
});

export const silenceOf = ({ matcher, ...rest }: StoredSilence): Silence => ({
  ...rest,
  matcher: JSON.parse(matcher) as Matcher,
});

export function isSilenced(alert: Alert, silences: readonly Silence[]): boolean {
  return silences.some(({ matcher }) =>
    FIELDS.every((field) => {
      const glob = matcher[field];
      return glob === undefined || globMatches(glob, alert[field]);
    }),
  );
}
