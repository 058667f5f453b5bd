/** What the platform counts of itself, as findings: shares since the last round, so that what was once is not told for ever. */
import type { Finding, Round } from '../../alerts/index.ts';
import type { EventLog } from '../../store/index.ts';
import type { HomeCounts } from '../homes.ts';
import type { IngestCounts } from '../ingest.ts';

/** Fewer say nothing about a share. */
const LEAST_EVENTS = 100;
const LEAST_HOMES = 50;

export function createPlatformRounds(parts: {
  readonly ingest: Readonly<IngestCounts>;
  readonly homes: Readonly<HomeCounts>;
  readonly logs: Readonly<Record<string, Pick<EventLog, 'full'>>>;
}): () => Round {
  const { ingest, homes, logs } = parts;
  const take = (): Record<'accepted' | 'rejected' | 'decided' | 'degraded', number> => ({
    accepted: ingest.accepted,
    rejected: ingest.rejected,
    decided: homes.decided,
    degraded: homes.degraded,
  });
  let last = take();
  return () => {
    const now = take();
    const events = now.accepted + now.rejected - last.accepted - last.rejected;
    const decided = now.decided - last.decided;
    const full = Object.entries(logs).flatMap(([stream, log]) => (log.full ? [stream] : []));
    const findings: Finding[] = [
      statistic(
        'log_full',
        full.length,
        full.length === 0 ? 'no log is refused by the disk' : `the disk refuses the log of ${full.join(' and ')}`,
      ),
    ];
    if (events >= LEAST_EVENTS) {
      const rejected = now.rejected - last.rejected;
      findings.push(
        statistic('events_rejected_share', rejected / events, `${rejected} of ${events} events were rejected`),
      );
      last = { ...last, accepted: now.accepted, rejected: now.rejected };
    }
    if (decided >= LEAST_HOMES) {
      const degraded = now.degraded - last.degraded;
      findings.push(
        statistic('homes_degraded_share', degraded / decided, `${degraded} of ${decided} Homes were degraded`),
      );
      last = { ...last, decided: now.decided, degraded: now.degraded };
    }
    return { source: 'platform', examined: ['statistic'], findings };
  };
}

function statistic(name: string, value: number, text: string): Finding {
  return { kind: 'statistic', name, feature: '', slice: '', value, severity: 'error', text };
}
