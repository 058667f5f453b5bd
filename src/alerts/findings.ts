/** What comes in: findings about one source of data, a round at a time. */
export const FINDING_KINDS = ['statistic', 'distance', 'anomaly'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** In ascending order. */
export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** The statistic (`missing_fraction`), the distance (`drift_linf`) or the type of the anomaly (`SCHEMA_MISSING_COLUMN`). */
  readonly name: string;
  /** Path of the feature; '' for the whole data set. */
  readonly feature: string;
  /** '' for all examples. */
  readonly slice: string;
  /** Null for an anomaly that has no number. */
  readonly value: number | null;
  readonly severity: Severity;
  /** For people: one sentence. */
  readonly text: string;
  /** It says that the slice is not there: that the slice stays away does not end it. @default false */
  readonly ofAbsence?: boolean | undefined;
}

/** All that one examination of a source found. */
export interface Round {
  /** What was examined: `train`, `events/play`. */
  readonly source: string;
  /**
   * What was looked for. An anomaly that is not among the findings has ended where anomalies were looked for; a statistic or a
   * distance that is absent is unknown, and ends nothing.
   */
  readonly examined: readonly FindingKind[];
  /** When the span begins that was examined: it ends no alert that a later span has raised or confirmed. @default any alert */
  readonly spanFromMs?: number | undefined;
  /** Slices that there was enough of to tell; absence from another ends nothing. @default all */
  readonly slices?: readonly string[] | undefined;
  /**
   * Slices that there are, of however few. An alert on another, which no span of the last day has confirmed, has ended with its slice,
   * if there was enough of all rows to tell. @default unknown: no slice is gone
   */
  readonly present?: readonly string[] | undefined;
  readonly findings: readonly Finding[];
}

/** An asterisk stands for any run of characters; everything else for itself. Linear in the text. */
export function globMatches(glob: string, text: string): boolean {
  const [head, ...rest] = glob.split('*');
  if (rest.length === 0) return glob === text;
  const tail = rest.pop() as string;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  const end = text.length - tail.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
