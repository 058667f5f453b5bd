/** Looks over a data directory: logs, epochs, stores, space. Changes nothing. */
import { statfsSync } from 'node:fs';
import { messageOf } from '../base/index.ts';
import {
  checkLog,
  type DataDirPaths,
  type EpochStore,
  type EventLog,
  type Metadata,
  type OnlineStore,
} from '../store/index.ts';
import type { DoctorReport } from './service.ts';
import { parseStoredState } from './states.ts';
import { DECISIONS, EVENTS } from './workspace.ts';

type Check = DoctorReport['checks'][number];

const LOW_SPACE_BYTES = 1024 ** 3;
/** States that are decoded for a look. */
const STATE_SAMPLE = 200;

export async function examine(parts: {
  readonly paths: DataDirPaths;
  readonly store: OnlineStore;
  readonly metadata: Metadata;
  readonly epochStore: EpochStore;
  readonly current: Readonly<Record<string, string | undefined>>;
  readonly events: EventLog;
  readonly decisions: EventLog;
  readonly stateTable: string;
}): Promise<DoctorReport> {
  const checks: Check[] = [
    log(EVENTS, parts.paths, parts.events),
    log(DECISIONS, parts.paths, parts.decisions),
    ...epochs(parts.epochStore, parts.current),
    states(parts.store, parts.stateTable),
    await metadata(parts.metadata),
    space(parts.paths),
  ];
  return { healthy: checks.every((check) => check.outcome !== 'error'), checks };
}

function log(stream: string, paths: DataDirPaths, open: EventLog): Check {
  const found = checkLog(paths.log(stream));
  const name = `log of ${stream}`;
  // Bytes after the last whole entry are a write under way, unless what does not check was durable already.
  const damage = found.damage.length === 0 && found.tornBytes > 0 ? damageBeforeEnd(open) : found.damage;
  if (damage.length > 0) {
    return {
      name,
      outcome: 'error',
      detail: damage.join('; '),
      remedy: 'Restore the damaged segment from a backup.',
    };
  }
  const cut =
    open.recovery.cutBytes > 0
      ? `; ${open.recovery.cutBytes} bytes of an unacknowledged tail were cut at the start`
      : '';
  const full = open.full ? '; the disk refuses writes' : '';
  return {
    name,
    outcome: open.full ? 'error' : 'ok',
    detail: `${found.entries} entries in ${found.segments} segments, ${found.bytes} bytes${cut}${full}`,
    remedy: open.full ? 'Free space on the volume.' : '',
  };
}

/** What is wrong in the durable part of the last segment. */
function damageBeforeEnd(open: EventLog): readonly string[] {
  const last = { segment: open.durableEnd().segment, offset: open.start().offset };
  const entries = open.entries(last)[Symbol.iterator]();
  try {
    while (entries.next().done !== true);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function epochs(store: EpochStore, current: Readonly<Record<string, string | undefined>>): Check[] {
  return Object.entries(current).flatMap(([kind, hash]): Check[] => {
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

function states(store: OnlineStore, table: string): Check {
  let read = 0;
  try {
    for (const { value } of store.range(table, { limit: STATE_SAMPLE })) {
      parseStoredState(value);
      read++;
    }
  } catch (error) {
    return {
      name: 'listener states',
      outcome: 'error',
      detail: messageOf(error),
      remedy: 'Run `shelfwise rebuild state`.',
    };
  }
  return {
    name: 'listener states',
    outcome: 'ok',
    detail: `${store.count(table)} stored, ${read} read back`,
    remedy: '',
  };
}

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
