/** From data sets to what alerts judge: of each stream the newest set that is complete, and what is filling by now. */
import type { Finding } from '../../alerts/index.ts';
import { EVENT_TYPES } from '../../domain/index.ts';
import { DatasetView } from '../../validation/index.ts';
import type { Examiner } from './examiner.ts';
import { isOfModel, LEAST_UNITS, meanOf, sliceIn } from './judge.ts';
import type { DataRound } from './questions.ts';
import { EXAMPLE_STREAMS } from './service.ts';
import type { SetStore } from './set-store.ts';

const MEASURES: Readonly<Record<string, string>> = { JENSEN_SHANNON_DIVERGENCE: 'js', L_INFTY: 'linf' };

/** What says that a slice is not there, or hardly. */
const ABSENCES: ReadonlySet<string> = new Set(['NO_DATA_IN_SPAN', 'COMPARATOR_LOW_NUM_EXAMPLES']);

/** Rounds of sets that were examined since they were last told of; the complete one first. */
export function roundsOf(
  sets: SetStore,
  measured: Examiner['measured'],
  told: Map<string, number>,
): readonly DataRound[] {
  const rounds = [...EXAMPLE_STREAMS, ...EVENT_TYPES].flatMap((stream) => {
    const all = sets.list(stream);
    const complete = all.find((set) => set.complete);
    const filling = all.find((set) => !set.complete && set.fromMs > (complete?.fromMs ?? Number.NEGATIVE_INFINITY));
    return [complete, filling].flatMap((set): DataRound[] => {
      // Too few to tell: neither good nor bad.
      if (set === undefined || told.get(set.id) === set.examinedAtMs) return [];
      if (set.units < LEAST_UNITS && set.anomalies.errors === 0) return [];
      const { stored, set: own } = measured(set.id);
      const slices = Object.entries(stored.units).flatMap(([slice, units]) => (units >= LEAST_UNITS ? [slice] : []));
      const anomalies = stored.anomalies.flatMap(({ types, feature, slice, severity, short, description }) =>
        types.map(
          (name): Finding => ({
            kind: 'anomaly',
            name,
            feature,
            slice,
            value: null,
            severity,
            text: `${set.id}: ${short}. ${description}`.trim(),
            ofAbsence: ABSENCES.has(name) && feature === '' && slice !== '' && !isOfModel(slice),
          }),
        ),
      );
      const distances = stored.distances.map(
        ({ kind, measure, feature, slice, distance, against }): Finding => ({
          kind: 'distance',
          name: `${kind}_${MEASURES[measure] ?? measure.toLowerCase()}`,
          feature,
          slice,
          value: distance,
          severity: 'info',
          text: `${set.id}: ${kind} from ${against === '' ? 'nothing' : against}`,
        }),
      );
      const statistic = (name: string, feature: string, value: number): Finding => ({
        kind: 'statistic',
        name,
        feature,
        slice: '',
        value,
        severity: 'info',
        text: `${set.id}: ${name.replaceAll('_', ' ')}`,
      });
      const statistics = new DatasetView(sliceIn(own.list, '') ?? {}).features.flatMap((view) => {
        const name = view.path.join('.');
        const rows = view.numPresent + view.numMissing;
        const mean = meanOf(view);
        return [
          statistic('missing_share', name, rows === 0 ? 0 : view.numMissing / rows),
          ...(mean === undefined ? [] : [statistic('mean', name, mean)]),
        ];
      });
      // Of what is still filling only what is wrong already can be said.
      const findings = set.complete
        ? [...anomalies, ...distances, statistic('examples', '', set.examples), ...statistics]
        : anomalies;
      const { id, fromMs, examinedAtMs, complete: isComplete } = set;
      const present = Object.entries(stored.units).flatMap(([slice, units]) => (units > 0 ? [slice] : []));
      return [{ stream, set: id, fromMs, examinedAtMs, complete: isComplete, slices, present, findings }];
    });
  });
  // Only now: where one of them could not be made, all are made again.
  for (const { set, examinedAtMs } of rounds) told.set(set, examinedAtMs);
  return rounds;
}
