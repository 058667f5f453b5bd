/** Replay of stored decisions: from the record, the listener's key and the epochs alone. */
import type { KeyObject } from 'node:crypto';
import { ShelfwiseError } from '../base/index.ts';
import { type DecisionRecord, decisionIntact, decodeDecision, decodeListenerView } from '../domain/index.ts';
import { type Decider, explainRows, type RenderedRow, recompute, rowsOfRecord } from '../home/index.ts';
import type { EpochReader } from './epochs.ts';
import { openView } from './sealing.ts';
import type { ReplayReport } from './service.ts';

/** What makes a recomputation impossible, and is a finding of replay, not its failure. */
const DAMAGE = ['DECISION_CORRUPT', 'EPOCH_CORRUPT', 'EPOCH_NOT_FOUND', 'LOG_CORRUPT'] as const;

/**
 * Recomputes a record. Bytes that were altered, by as little as one, make it unequal: the record's digest, the seal (which
 * holds for the whole record, should the digest be made to match) and the hashes of the epochs see to it before the page
 * is even drawn.
 * Throws DECISION_ERASED when the listener's key is gone.
 */
export async function replayRecord(
  decisionId: string,
  readBytes: () => Promise<Uint8Array>,
  secretOf: (listenerKey: string) => KeyObject | undefined,
  epochs: EpochReader,
  decider: Decider,
): Promise<ReplayReport> {
  const unequal = (firstDifference: string, audited = false): ReplayReport => ({
    decisionId,
    recomputed: false,
    equal: false,
    firstDifference,
    steps: 0,
    audited,
  });
  try {
    const bytes = await readBytes();
    if (!decisionIntact(bytes)) return unequal('the digest of the record does not match its bytes');
    const record = decodeDecision(bytes);
    if (record.decisionId !== decisionId) return unequal(`the record is of decision ${record.decisionId}`);
    const audited = record.audit !== undefined;
    const secret = secretOf(record.listenerKey);
    if (secret === undefined) throw new ShelfwiseError('DECISION_ERASED', decisionId);
    const view = openView(record, secret);
    if (view === undefined) return unequal("the listener's state does not open with its key and this record", audited);
    if (record.versions.encoder !== decider.encoder.hash) {
      return unequal(
        `the record was made with encoder ${record.versions.encoder}, this is ${decider.encoder.hash}`,
        audited,
      );
    }
    if (isFallback(record))
      return { decisionId, recomputed: false, equal: true, firstDifference: null, steps: 0, audited };
    const { firstDifference, steps } = recompute(record, decodeListenerView(view), epochs(record.versions), decider);
    return { decisionId, recomputed: true, equal: firstDifference === null, firstDifference, steps, audited };
  } catch (error) {
    if (error instanceof ShelfwiseError && DAMAGE.some((code) => code === error.code))
      return unequal(error.code === 'EPOCH_NOT_FOUND' ? `${error.message}. ${error.remedy}` : error.message);
    throw error;
  }
}

/** Nothing was drawn on the fallback page: its rows are the record. */
function isFallback(record: DecisionRecord): boolean {
  return record.failedSources.includes('page');
}

/** The rows of a record with the scores it was drawn by. Throws DECISION_ERASED, DECISION_CORRUPT, EPOCH_NOT_FOUND, EPOCH_CORRUPT. */
export function explainRecord(
  record: DecisionRecord,
  secret: KeyObject,
  epochs: EpochReader,
  decider: Decider,
): readonly RenderedRow[] {
  if (isFallback(record)) return rowsOfRecord(record);
  const view = openView(record, secret);
  if (view === undefined) throw new ShelfwiseError('DECISION_CORRUPT', `${record.decisionId}: its state does not open`);
  return explainRows(record, decodeListenerView(view), epochs(record.versions), decider);
}
