/**
 * Data sets on disk: a file of figures and findings (JSON), and for examples one of statistics (`.pb`, as TensorFlow Metadata writes
 * them). Written anew as a whole and synced: a stop in between leaves the one before.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirPaths, makeDirDurably, removeTemporaries, syncDirNow, writeFileDurably } from '../../store/index.ts';
import { type DatasetFeatureStatisticsList, decodeBinary, encodeBinary } from '../../validation/index.ts';
import type { AnomaliesReport, DataSet, DataStream } from './service.ts';
import { isExamples, type SetName, setId } from './spans.ts';

export interface StoredSet extends AnomaliesReport {
  /** Independent units by slice; '' is all rows. */
  readonly units: Readonly<Record<string, number>>;
  /** Which set it was measured against; '' where there was none. */
  readonly before: string;
}

export interface SetStore {
  /** Newest span first. */
  list(stream?: DataStream): readonly DataSet[];
  get(id: string): StoredSet | undefined;
  /** Of one span: a set of examples with its statistics, or sets of events of one hour, beside those that are there. */
  put(sets: readonly StoredSet[], statistics?: DatasetFeatureStatisticsList): void;
  /** Sets of events that were put are on the medium when it returns. */
  sync(): void;
  /** Of examples. */
  statistics(id: string): DatasetFeatureStatisticsList | undefined;
  /** Removes those that end before. */
  forget(stream: DataStream, beforeMs: number): void;
}

/** Statistics of examples in memory: some megabytes each. */
const REMEMBERED = 8;

export const validationDir = (dataDir: string): string => dataDirPaths(dataDir).validation;

export function openSetStore(dataDir: string): SetStore {
  const dir = validationDir(dataDir);
  makeDirDurably(dir);
  removeTemporaries(dir);
  const sets = new Map<string, StoredSet>();
  /** Of a day of examples a file each; of an hour of events one file for all types. */
  const fileOf = ({ stream, span }: SetName, ending: string): string =>
    isExamples(stream)
      ? join(dir, 'examples', `${stream}-${span}.${ending}`)
      : join(dir, 'events', `${span}.${ending}`);
  for (const kind of ['examples', 'events']) {
    makeDirDurably(join(dir, kind));
    for (const name of readdirSync(join(dir, kind))) {
      if (!name.endsWith('.json')) continue;
      for (const stored of JSON.parse(readFileSync(join(dir, kind, name), 'utf8')) as StoredSet[])
        sets.set(stored.set.id, stored);
    }
  }
  /** Hour → type → set. */
  const hours = new Map<string, Map<DataStream, StoredSet>>();
  const hourOf = (span: string): Map<DataStream, StoredSet> => {
    const known = hours.get(span) ?? new Map<DataStream, StoredSet>();
    hours.set(span, known);
    return known;
  };
  for (const stored of sets.values())
    if (!isExamples(stored.set.stream)) hourOf(stored.set.span).set(stored.set.stream, stored);

  /** Statistics used last, the oldest first: a page asks for the same few again and again. */
  const remembered = new Map<string, DatasetFeatureStatisticsList>();
  const remember = (id: string, list: DatasetFeatureStatisticsList): DatasetFeatureStatisticsList => {
    remembered.delete(id);
    remembered.set(id, list);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED) break;
      remembered.delete(oldest);
    }
    return list;
  };

  return {
    list(stream) {
      const all = [...sets.values()].map(({ set }) => set);
      const wanted = stream === undefined ? all : all.filter((set) => set.stream === stream);
      return wanted.sort((a, b) => b.fromMs - a.fromMs || (a.stream < b.stream ? -1 : 1));
    },
    get: (id) => sets.get(id),
    put(given, statistics) {
      const [first] = given;
      if (first === undefined) return;
      const { set } = first;
      // Figures last: who finds them finds the statistics that they are about.
      if (statistics !== undefined)
        writeFileDurably(fileOf(set, 'pb'), encodeBinary('DatasetFeatureStatisticsList', statistics));
      let written = given;
      if (!isExamples(set.stream)) {
        const hour = hourOf(set.span);
        for (const stored of given) hour.set(stored.set.stream, stored);
        written = [...hour.values()];
      }
      // Of hours the folder is synced once for all: see `sync`.
      writeFileDurably(fileOf(set, 'json'), JSON.stringify(written), isExamples(set.stream));
      for (const stored of given) sets.set(setId(stored.set), stored);
      if (statistics !== undefined) remember(set.id, statistics);
    },
    sync: () => syncDirNow(join(dir, 'events')),
    statistics(id) {
      const stored = sets.get(id);
      if (stored === undefined) return undefined;
      const known = remembered.get(id);
      if (known !== undefined) return remember(id, known);
      const file = fileOf(stored.set, 'pb');
      return existsSync(file)
        ? remember(id, decodeBinary('DatasetFeatureStatisticsList', readFileSync(file)))
        : undefined;
    },
    forget(stream, beforeMs) {
      for (const [id, { set }] of sets) {
        if (set.stream !== stream || set.toMs >= beforeMs) continue;
        rmSync(fileOf(set, 'json'), { force: true });
        rmSync(fileOf(set, 'pb'), { force: true });
        sets.delete(id);
        remembered.delete(id);
        hours.delete(set.span);
      }
    },
  };
}
