/** Looks over a data directory: logs, epochs, stores, space. Changes nothing. */
import { statfsSync } from 'node:fs';
import { messageOf } from '../base/index.ts';
import { checkLog, type DataDirPaths, logUpTo, type Metadata, type OnlineStore } from '../store/index.ts';
import type { DoctorReport } from './service.ts';
import { parseStoredState, unlessCorrupt } from './states.ts';
import type { Job, OnProgress, OpenLog } from './workshop.ts';
import { DECISIONS, EVENTS, type Workspace } from './workspace.ts';

type Check = DoctorReport['checks'][number];

const LOW_SPACE_BYTES = 1024 ** 3;
/** States decoded between two reports of progress. */
const PROGRESS_EVERY = 10_000;

export async function doctorJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'doctor' }>,
  onProgress: OnProgress,
): Promise<DoctorReport> {
  const { paths, store } = workspace;
  const checks: Check[] = [
    log(EVENTS, paths, job.logs.events, onProgress),
    log(DECISIONS, paths, job.logs.decisions, onProgress),
    ...epochs(workspace, job.epochs, onProgress),
    states(store, job.stateTable, onProgress),
    await metadata(workspace.metadata),
    space(paths),
  ];
  return { healthy: checks.every((check) => check.outcome !== 'error'), checks };
}

function log(stream: string, paths: DataDirPaths, open: OpenLog, onProgress: OnProgress): Check {
  const name = `log of ${stream}`;
  const found = checkLog(paths.log(stream), undefined, (share) => onProgress(name, share));
  // Bytes after the last whole entry are a write under way, unless what does not check was durable already.
  const damage =
    found.damage.length === 0 && found.tornBytes > 0 ? damageBeforeEnd(paths.log(stream), open) : found.damage;
  if (damage.length > 0) {
    return {
      name,
      outcome: 'error',
      detail: damage.join('; '),
      remedy: 'Restore the damaged segment from a backup.',
    };
  }
  const cut = open.cutBytes > 0 ? `; ${open.cutBytes} bytes of an unacknowledged tail were cut at the start` : '';
  const full = open.full ? '; the disk refuses writes' : '';
  return {
    name,
    outcome: open.full ? 'error' : 'ok',
    detail: `${found.entries} entries in ${found.segments} segments, ${found.bytes} bytes${cut}${full}`,
    remedy: open.full ? 'Free space on the volume.' : '',
  };
}

/** What is wrong in the durable part of the last segment. */
function damageBeforeEnd(dir: string, { durableEnd }: OpenLog): readonly string[] {
  const { entries, start } = logUpTo(dir, durableEnd);
  const last = entries({ segment: durableEnd.segment, offset: start().offset })[Symbol.iterator]();
  try {
    while (last.next().done !== true);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function epochs(
  { epochs: store }: Workspace,
  current: Readonly<Record<string, string | undefined>>,
  onProgress: OnProgress,
): Check[] {
  return Object.entries(current).flatMap(([kind, hash], i, { length }): Check[] => {
    onProgress('epochs', i / length);
    if (hash === undefined || hash === '') {
      return [
        {
          name: `epoch of ${kind}`,
          outcome: 'warning',
          detail: 'none yet',
          remedy: 'Import data; the fit that follows makes it.',
        },
      ];
    }
    try {
      store.get(hash);
      return [{ name: `epoch of ${kind}`, outcome: 'ok', detail: `${hash} matches its hash`, remedy: '' }];
    } catch (error) {
      return [
        {
          name: `epoch of ${kind}`,
          outcome: 'error',
          detail: messageOf(error),
          remedy: 'Restore the epochs folder, or fit anew.',
        },
      ];
    }
  });
}

function states(store: OnlineStore, table: string, onProgress: OnProgress): Check {
  const name = 'listener states';
  const stored = store.count(table);
  const corrupt: string[] = [];
  let read = 0;
  for (const { key, value } of store.range(table, {})) {
    if (read++ % PROGRESS_EVERY === 0) onProgress(name, read / stored);
    if (unlessCorrupt(() => parseStoredState(value)) === undefined) corrupt.push(key);
  }
  if (corrupt.length === 0) return { name, outcome: 'ok', detail: `${read} stored, all of them decode`, remedy: '' };
  return {
    name,
    outcome: 'error',
    detail: `${corrupt.length} of ${read} do not decode: the Homes of these listeners are degraded (keys ${corrupt.slice(0, NAMED).join(', ')}${corrupt.length > NAMED ? ', …' : ''})`,
    remedy: 'Run `shelfwise rebuild state`.',
  };
}

/** Listener keys that a finding names. */
const NAMED = 5;

async function metadata(store: Metadata): Promise<Check> {
  try {
    await store.settings.get('');
    return { name: 'metadata', outcome: 'ok', detail: 'answers', remedy: '' };
  } catch (error) {
    return {
      name: 'metadata',
      outcome: 'error',
      detail: messageOf(error),
      remedy: 'Restore metadata.sqlite from a backup.',
    };
  }
}

function space(paths: DataDirPaths): Check {
  const { bavail, bsize } = statfsSync(paths.epochs);
  const free = bavail * bsize;
  const low = free < LOW_SPACE_BYTES;
  return {
    name: 'free space',
    outcome: low ? 'warning' : 'ok',
    detail: `${(free / 1024 ** 3).toFixed(1)} GiB`,
    remedy: low ? 'Free space: when the disk is full, events are refused with 507.' : '',
  };
}
