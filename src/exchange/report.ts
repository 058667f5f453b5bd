/** What an import did, for people and as JSON: counts by fate, and a sample of what went wrong. */
import type { BadRow, ReadBatch } from './source.ts';

/** At most so many bad rows stand in a report; all are counted. */
export const BAD_ROW_SAMPLE = 100;

/** What became of a row after it was read, as the platform tells it. */
export type RowFate = 'created' | 'updated' | 'unchanged' | 'accepted' | 'duplicate' | 'private' | 'rejected';

export interface FateOfRow {
  readonly fate: RowFate;
  /** Which item or event; in the sample of those rejected. */
  readonly id?: string;
  readonly eventId?: string;
  readonly code?: string;
  readonly message?: string;
}

export interface ImportReport {
  readonly source: string;
  readonly rowsRead: number;
  readonly read: {
    readonly items: number;
    readonly listeners: number;
    readonly events: number;
    readonly holdout: number;
  };
  readonly items: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly badRows: number;
  /** The first bad rows of each reason, so that one frequent reason does not hide the others. */
  readonly badRowSample: readonly BadRow[];
  readonly rejected: number;
  readonly rejectedSample: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
}

export interface ImportReportAccumulator {
  addBatch(batch: ReadBatch): void;
  addFates(kind: 'items' | 'events', fates: readonly FateOfRow[]): void;
  /** JSON-ready; may be asked for at any time. */
  report(notes?: readonly string[]): ImportReport;
}

/** Rows of one reason (its digits and quoted parts put aside) in the sample. */
const SAMPLE_PER_REASON = 20;

export function createImportReport(source: string): ImportReportAccumulator {
  const read = { items: 0, listeners: 0, events: 0, holdout: 0 };
  const fates = { items: new Map<string, number>(), events: new Map<string, number>() };
  const sample: BadRow[] = [];
  const rejectedSample: { id: string; code: string; message: string }[] = [];
  const seenReasons = new Map<string, number>();
  let rowsRead = 0;
  let badRows = 0;
  let rejected = 0;
  return {
    addBatch(batch) {
      rowsRead += batch.rowsRead;
      read.items += batch.items?.length ?? 0;
      read.listeners += batch.listeners?.length ?? 0;
      read.events += batch.events?.length ?? 0;
      read.holdout += batch.holdout?.length ?? 0;
      badRows += batch.bad.length;
      for (const bad of batch.bad) {
        if (sample.length >= BAD_ROW_SAMPLE) break;
        const kind = bad.reason.slice(0, 200).replaceAll(/\d+|: .*$/g, '');
        const seen = seenReasons.get(kind) ?? 0;
        if (seen >= SAMPLE_PER_REASON) continue;
        seenReasons.set(kind, seen + 1);
        sample.push(bad);
      }
    },
    addFates(kind, rows) {
      for (const row of rows) {
        fates[kind].set(row.fate, (fates[kind].get(row.fate) ?? 0) + 1);
        if (row.fate !== 'rejected') continue;
        rejected++;
        if (rejectedSample.length >= BAD_ROW_SAMPLE) continue;
        rejectedSample.push({ id: row.id ?? row.eventId ?? '', code: row.code ?? '', message: row.message ?? '' });
      }
    },
    report: (notes = []) => ({
      source,
      rowsRead,
      read: { ...read },
      items: Object.fromEntries(fates.items),
      events: Object.fromEntries(fates.events),
      badRows,
      badRowSample: [...sample],
      rejected,
      rejectedSample: [...rejectedSample],
      notes: [...notes],
    }),
  };
}
