/**
 * A platform in memory for the tests of the faces: it judges rows with the domain's own schemas and answers small,
 * valid data. It decides nothing; what a Home holds is tested on the real platform in `test/`.
 */
import { Compile } from 'typebox/compile';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import {
  type Campaign,
  decisionIdOf,
  EVENT_REMEDIES,
  EventSchema,
  type IncomingEvent,
  type Item,
  ItemSchema,
  type Page,
  parseEvent,
} from '../domain/index.ts';
import type {
  EventFate,
  ItemFate,
  KnownRanking,
  PlatformService,
  StoredListener,
  VerifiedKey,
} from '../platform/index.ts';
import { createFakeEvaluation } from './fake-evaluation.ts';
import { createFakeInsights } from './fake-insights.ts';
import { createFakeInstead } from './fake-instead.ts';
import { createFakeModels } from './fake-models.ts';
import { createFakePlaylists } from './fake-playlists.ts';
import { createFakeTrust } from './fake-trust.ts';
import { createFakeWatch } from './fake-watch.ts';

export interface FakePlatform extends PlatformService {
  readonly adminKey: string;
  verifyKey(secret: string): VerifiedKey | null;
  setAddress(address: string): void;
  coverOf(itemId: string): string | undefined;
  /** From now on events are refused as they are on a full disk. */
  fillDisk(): void;
  /** The next `fit` fails with this. */
  failFit(error: Error): void;
  setReady(ready: boolean): void;
  /** The next replay differs. */
  tamper(): void;
  readonly closed: () => boolean;
}

const ADMIN_KEY = 'fake-admin-key';

export function createFakePlatform(clock: Clock): FakePlatform {
  const itemJudge = Compile(ItemSchema);
  const eventJudge = Compile(EventSchema);
  const items = new Map<string, Item>();
  const listeners = new Map<string, StoredListener>();
  const plays = new Map<string, number>();
  const events = new Map<string, IncomingEvent>();
  const campaigns = new Map<string, Campaign>();
  const switches = new Map([
    ['shelf:popular', true],
    ['policy:plackett-luce', true],
  ]);
  const listSwitches = () => [...switches].map(([target, on]) => ({ target, on }));
  const decisions: string[] = [];
  const rankings = new Map<string, KnownRanking>();
  let full = false;
  let ready = true;
  let equal = true;
  let closed = false;
  let fitError: Error | undefined;

  const rejection = (code: string, message: string, remedy: string) =>
    ({ fate: 'rejected', code, message, remedy }) as const;
  const store = (id: string, profile: StoredListener['profile']): StoredListener => {
    const stored = { id, profile, createdAtMs: listeners.get(id)?.createdAtMs ?? clock.nowMs() };
    listeners.set(id, stored);
    return stored;
  };
  const sorted = () => [...listeners.values()].sort((a, b) => (a.id < b.id ? -1 : 1));

  const ingestOne = (row: unknown): EventFate => {
    if (!eventJudge.Check(row)) {
      const id = row !== null && typeof row === 'object' && 'eventId' in row ? row.eventId : '';
      const error = eventJudge.Errors(row)[0];
      return {
        eventId: typeof id === 'string' ? id.slice(0, 200) : '',
        ...rejection('EVENT_INVALID', `${error?.instancePath} ${error?.message}`, EVENT_REMEDIES.EVENT_INVALID),
      };
    }
    const parsed = parseEvent(row, '', clock.nowMs());
    if (typeof parsed === 'string') {
      return { eventId: row.eventId, ...rejection(parsed, parsed, EVENT_REMEDIES[parsed]) };
    }
    if (events.has(row.eventId)) return { eventId: row.eventId, fate: 'duplicate' };
    events.set(row.eventId, row);
    if (!listeners.has(row.listenerId)) store(row.listenerId, {});
    if (row.type === 'play') plays.set(row.listenerId, (plays.get(row.listenerId) ?? 0) + 1);
    return { eventId: row.eventId, fate: 'accepted' };
  };

  return {
    adminKey: ADMIN_KEY,
    ...createFakeTrust(
      ADMIN_KEY,
      clock,
      (id) => listeners.has(id),
      (id) => listeners.delete(id),
    ),
    setAddress: () => undefined,
    coverOf: (id) => (items.has(id) ? '<svg xmlns="http://www.w3.org/2000/svg"/>' : undefined),
    fillDisk: () => {
      full = true;
    },
    failFit: (error) => {
      fitError = error;
    },
    setReady: (next) => {
      ready = next;
    },
    tamper: () => {
      equal = false;
    },
    closed: () => closed,

    rank: async (query) => {
      const known = query.itemIds.filter((id) => items.has(id));
      if (known.length === 0) throw new ShelfwiseError('ITEM_NOT_FOUND', 'none of the candidates');
      const entropy = new Uint8Array(10);
      new DataView(entropy.buffer).setUint32(0, decisions.length);
      const decisionId = decisionIdOf(clock.nowMs(), entropy);
      decisions.unshift(decisionId);
      rankings.set(`${query.engine} ${query.rankingId}`, {
        decisionId,
        listenerId: query.listenerId,
        atMs: clock.nowMs(),
        itemIds: known,
      });
      return {
        decisionId,
        policy: 'fake',
        degraded: false,
        ranked: known.map((itemId, rank) => ({
          itemId,
          score: 1 / (1 + rank),
          propensity: 1 / (known.length - rank),
          firstPropensity: 1 / known.length,
        })),
        left: query.itemIds.filter((id) => !items.has(id)),
      };
    },
    rankingOf: (engine, rankingId) => rankings.get(`${engine} ${rankingId}`),

    upsertItems: async (rows) =>
      rows.map((row): ItemFate => {
        if (!itemJudge.Check(row)) {
          const error = itemJudge.Errors(row)[0];
          return { id: '', ...rejection('ITEM_INVALID', `${error?.instancePath} ${error?.message}`, 'Correct it.') };
        }
        const fate = items.has(row.id) ? 'updated' : 'created';
        items.set(row.id, row);
        return { id: row.id, fate };
      }),
    getItem: (id) => items.get(id),
    deleteItem: async (id) => items.delete(id),
    searchItems: ({ text, kind, limit }) =>
      [...items.values()]
        .filter(
          (item) => item.title.toLowerCase().includes(text.toLowerCase()) && (kind === undefined || item.kind === kind),
        )
        .slice(0, limit),
    putListener: async (id, profile) => store(id, profile),
    putListeners: async (rows) => rows.map(({ id, profile }) => store(id, profile)),
    getListener: (id) => {
      const listener = listeners.get(id);
      if (listener === undefined) return undefined;
      return {
        ...listener,
        totalPlays: plays.get(id) ?? 0,
        lastEventAtMs: null,
        topItems: [],
        topGenres: [],
        followed: [],
      };
    },
    listListeners: ({ prefix, limit, cursor }) => {
      const rest = sorted().filter(({ id }) => id.startsWith(prefix) && (cursor === undefined || id > cursor));
      const page = rest.slice(0, limit);
      return { listeners: page, nextCursor: rest.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
    ingest: async (rows) => {
      if (full) throw new ShelfwiseError('LOG_FULL');
      return rows.map(ingestOne);
    },
    home: async (listenerId, query) => {
      const entropy = new Uint8Array(10);
      new DataView(entropy.buffer).setUint32(0, decisions.length);
      const decisionId = decisionIdOf(query.atMs === undefined ? clock.nowMs() : Math.max(0, query.atMs), entropy);
      decisions.unshift(decisionId);
      const explain = query.explain ? { explain: { propensity: 1, best: 1, forced: true, score: 0.5 } } : {};
      const page: Page = {
        decisionId,
        policy: 'fake',
        degraded: false,
        shelves: [
          {
            id: 'recently-played',
            kind: 'recently-played',
            title: 'Recently played',
            reason: `by ${listenerId}`,
            label: '',
            order: 'defined',
            rank: 0,
            carried: false,
            cards: [...items.values()].slice(0, 5).map((item, rank) => ({
              id: item.id,
              kind: item.kind,
              title: item.title,
              subtitle: item.creators?.[0]?.name ?? '',
              image: item.image ?? '',
              rank,
              reason: '',
              badges: [],
              progress: null,
              sponsored: false,
              ...explain,
            })),
            ...explain,
          },
        ],
      };
      return Buffer.from(JSON.stringify(page));
    },
    decision: async (id) => {
      if (!decisions.includes(id)) throw new ShelfwiseError('DECISION_NOT_FOUND', id);
      return { decisionId: id };
    },
    replay: async (id) => {
      if (!decisions.includes(id)) throw new ShelfwiseError('DECISION_NOT_FOUND', id);
      return {
        decisionId: id,
        recomputed: true,
        equal,
        firstDifference: equal ? null : 'row 0',
        steps: 1,
        audited: false,
      };
    },
    recentDecisions: async (limit, before) =>
      decisions.filter((id) => before === undefined || id < before).slice(0, limit),
    fit: async ({ onProgress }) => {
      onProgress?.('embedding', 0.5);
      if (fitError !== undefined) throw fitError;
      onProgress?.('embedding', 1);
    },
    rebuildState: async ({ onProgress }) => {
      onProgress?.(1);
      return { version: 2, events: events.size, listeners: listeners.size, different: 0, seconds: 0 };
    },
    evaluateRetrieval: async () => ({
      listeners: 1,
      hiddenPairs: 1,
      popularity: { recall20: 0.1, ndcg20: 0.09 },
      recommended: { recall20: 0.25, ndcg20: 0.2 },
    }),
    putHoldout: async () => undefined,
    doctor: async () => ({
      healthy: equal,
      checks: [{ name: 'log', outcome: equal ? 'ok' : 'error', detail: 'fake', remedy: '' }],
    }),
    compact: async () => 0,
    putCampaign: async (id, body) => {
      const fate = campaigns.has(id) ? 'updated' : 'created';
      const campaign: Campaign = { ...body, id };
      campaigns.set(id, campaign);
      return { fate, campaign, unknownItems: body.items.filter((item) => !items.has(item)) };
    },
    getCampaign: (id) => campaigns.get(id),
    listCampaigns: () => [...campaigns.values()],
    deleteCampaign: async (id) => campaigns.delete(id),
    listSwitches,
    async setSwitches(changes) {
      for (const { target } of changes) if (!switches.has(target)) throw new ShelfwiseError('SWITCH_UNKNOWN', target);
      for (const { target, on } of changes) switches.set(target, on);
      return listSwitches();
    },
    status: () => ({
      version: '0.0.0',
      items: items.size,
      listeners: listeners.size,
      events: events.size,
      decisions: decisions.length,
      epochs: {},
      traffic: { flagged: 0, suspects: 0 },
      ready,
      background: {},
    }),
    ...createFakeModels(clock),
    ...createFakeEvaluation(clock),
    ...createFakeWatch(clock),
    ...createFakeInstead((id) => decisions.includes(id)),
    playlists: createFakePlaylists(items, (id) => listeners.has(id)),
    insights: createFakeInsights({ clock, items, listeners, plays }),
    metrics: async () => '# TYPE shelfwise_fake gauge\nshelfwise_fake 1\n',
    close: async () => {
      closed = true;
    },
  };
}
