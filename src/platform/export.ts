/**
 * All that is held on a person, in one archive. It is made while it is sent: a page of events or decisions is read, written
 * and forgotten, however many there are.
 */
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import { decodeDecision } from '../domain/index.ts';
import type { AuditTrail } from '../store/index.ts';
import type { Decisions } from './decisions.ts';
import { hiddenPairs } from './hidden-pairs.ts';
import type { Insights } from './insights/insights.ts';
import type { ItemRefs } from './insights/item-refs.ts';
import type { ListenerEntry, Listeners } from './listeners.ts';
import type { Playlists } from './playlists/index.ts';
import type { OwnRankings } from './rankings.ts';
import type { Traffic } from './traffic.ts';

export interface ExportDependencies {
  readonly listeners: Listeners;
  readonly insights: Pick<Insights, 'listenerState' | 'timeline' | 'decisionsOf'>;
  readonly decisions: Pick<Decisions, 'bytes'>;
  readonly refs: ItemRefs;
  readonly playlists: Pick<Playlists, 'archiveOf'>;
  readonly rankings: Pick<OwnRankings, 'archiveOf'>;
  readonly traffic: Pick<Traffic, 'suspectedAtMs'>;
  readonly audit: Pick<AuditTrail, 'list'>;
  readonly holdoutFile: string;
  readonly clock: Clock;
}

/** Events and decisions read at once. */
const EVENTS_AT_ONCE = 1000;
const DECISIONS_AT_ONCE = 100;
const AUDIT_AT_ONCE = 500;

/** Undefined for who is not known. */
export function exportListener(
  listenerId: string,
  dependencies: ExportDependencies,
): AsyncIterable<Uint8Array> | undefined {
  const entry = dependencies.listeners.get(listenerId);
  return entry === undefined ? undefined : archive(entry, dependencies);
}

async function* archive(entry: ListenerEntry, dependencies: ExportDependencies): AsyncGenerator<Uint8Array> {
  const { insights, clock } = dependencies;
  const zip = new ZipFile();
  // Its type says only that it can be read; it is a PassThrough.
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  const mtime = new Date(clock.nowMs());
  const text = (name: string, content: string): void => zip.addBuffer(Buffer.from(content), name, { mtime });
  const json = (name: string, value: unknown): void => text(name, `${JSON.stringify(value, null, 2)}\n`);
  /** Read when its turn comes, and no faster than it is taken. */
  const lines = (name: string, rows: () => AsyncIterable<unknown>): void =>
    zip.addReadStreamLazy(name, { mtime }, (give) => {
      const source = Readable.from(asLines(rows()), { objectMode: false });
      // The archive breaks off, and nothing else does.
      source.on('error', (error) => output.destroy(error));
      output.once('close', () => source.destroy());
      give(null, source);
    });

  const { id, key, profile, createdAtMs } = entry;
  const suspectedAtMs = dependencies.traffic.suspectedAtMs(key);
  text('README.md', readme(id, mtime));
  json('profile.json', {
    id,
    key,
    createdAt: timeOf(createdAtMs),
    profile,
    takenForMachineAt: suspectedAtMs === undefined ? null : timeOf(suspectedAtMs),
    hiddenFromTraining: hiddenPairs(dependencies.holdoutFile).flatMap(([owner, item]) => (owner === id ? [item] : [])),
  });
  json('state.json', insights.listenerState(id));
  json('playlists.json', dependencies.playlists.archiveOf(key));
  json('rankings.json', dependencies.rankings.archiveOf(key));
  lines('events.jsonl', () => eventsOf(id, insights));
  lines('decisions.jsonl', () => decisionsOf(id, dependencies));
  lines('administration.jsonl', () => auditOf(id, dependencies));
  zip.end();
  try {
    for await (const chunk of output) yield chunk as Uint8Array;
  } finally {
    output.destroy();
  }
}

/** Who is erased while their archive is made gets what was read by then: nothing else is held any more. */
async function* asLines(rows: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const row of rows) yield `${JSON.stringify(row)}\n`;
  } catch (error) {
    const isErased = error instanceof ShelfwiseError && GONE.some((code) => code === error.code);
    if (!isErased) throw error;
    yield `${JSON.stringify({ erasedMeanwhile: true })}\n`;
  }
}

const GONE = ['LISTENER_NOT_FOUND', 'DECISION_ERASED'] as const;

async function* eventsOf(id: string, insights: ExportDependencies['insights']): AsyncGenerator<unknown> {
  for (let cursor: string | undefined; ; ) {
    const { events, nextCursor } = await insights.timeline(id, { limit: EVENTS_AT_ONCE, cursor });
    yield* events;
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}

async function* decisionsOf(id: string, { insights, decisions, refs }: ExportDependencies): AsyncGenerator<unknown> {
  for (let cursor: string | undefined; ; ) {
    const page = await insights.decisionsOf(id, { limit: DECISIONS_AT_ONCE, cursor });
    for (const decision of page.decisions) {
      const bytes = await decisions.bytes(decision.id);
      yield bytes === undefined ? decision : { ...decision, page: pageOf(bytes, refs) };
    }
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

/** The rows of the page as they were shown: which cards, and how probable each was. */
function pageOf(bytes: Uint8Array, refs: ItemRefs): unknown {
  const { rows, shelves } = decodeDecision(bytes);
  return rows.map((row) => {
    const shelf = shelves[row.shelf];
    return {
      shelf: shelf.shelfId,
      probability: row.propensity,
      cards: row.cards.map((card) => {
        const { id, kind, title } = refs.byNumber(shelf.items[card.index]);
        return { id, kind, title, probability: card.propensity };
      }),
    };
  });
}

async function* auditOf(id: string, { listeners, audit }: ExportDependencies): AsyncGenerator<unknown> {
  for (let before: number | undefined; ; ) {
    const entries = await audit.list({ object: listeners.auditNameOf(id), before, limit: AUDIT_AT_ONCE });
    for (const { atMs, actor, route, outcome } of entries) yield { at: timeOf(atMs), actor, route, outcome };
    const last = entries.at(-1);
    if (last === undefined) return;
    before = last.id;
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function readme(id: string, at: Date): string {
  return `# What Shelfwise holds on listener ${id}

Made at ${at.toISOString()}. Times are UTC. A line of a \`.jsonl\` file is one JSON object, newest first.

| file | holds |
| --- | --- |
| \`profile.json\` | what the app told of you; \`key\` is the random number that stands for you in everything recorded; \`takenForMachineAt\` says when you listened so much that you were taken for a machine, whose plays count for nothing; \`hiddenFromTraining\` are items of yours that are kept aside to measure how good recommendations are |
| \`state.json\` | what was made of your events: tastes, habits by hour, recent plays, likes, follows, hides; \`words\` says it in sentences |
| \`events.jsonl\` | every event of yours that is held: plays, skips, likes, impressions |
| \`decisions.jsonl\` | every Home that was decided for you and is held: when, on what, which shelves and cards, and with what probability each was chosen; \`servings\` are the times it was shown |
| \`playlists.json\` | playlists that were generated for you, as they stand |
| \`rankings.json\` | the ids by which apps asked for your rankings, kept for a day: the decisions themselves are in \`decisions.jsonl\` |
| \`administration.jsonl\` | what administrators did about you: exports, erasures |

Not in it: how often items were played by everybody (your plays are part of those sums, and cannot be told from them), models
trained on many listeners, and random bytes that unlock the portraits of you in \`decisions.jsonl\`. What you listened to in a private
session was never recorded. A line \`{"erasedMeanwhile":true}\` says that you were erased while this archive was made.
`;
}
