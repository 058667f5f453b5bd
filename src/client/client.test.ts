import { afterEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Asked,
  type SmallServer,
  smallStorage,
  standingClock,
  startSmallServer,
} from './client-testing.ts';
import { type ClientOptions, createClient, type IncomingEvent, type Rejected, type ShelfwiseClient } from './index.ts';
import { retryAfterMs } from './problem.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const servers: SmallServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const eventsOf = ({ body }: Asked) => (JSON.parse(body) as { events: IncomingEvent[] }).events;
/** As the platform answers: ids that it has are duplicates; items called `bad` are refused. */
function platform() {
  const seen = new Set<string>();
  return (asked: Asked): Answer => {
    const fates = eventsOf(asked).map(({ eventId, itemId }) => {
      if (itemId === 'bad') return { eventId, fate: 'rejected', code: 'EVENT_INVALID', message: 'bad', remedy: 'mend' };
      const fate = seen.has(eventId) ? 'duplicate' : 'accepted';
      seen.add(eventId);
      return { eventId, fate };
    });
    return { status: 200, json: { accepted: 0, duplicates: 0, rejected: 0, fates } };
  };
}

async function open(answer: (asked: Asked) => Answer | null, options: Partial<ClientOptions> = {}) {
  const server = await startSmallServer(answer);
  servers.push(server);
  const clock = standingClock(NOW_MS);
  const rejected: Rejected[] = [];
  const dropped: IncomingEvent[] = [];
  const troubles: unknown[] = [];
  const client = createClient({
    baseUrl: server.address,
    key: 'k',
    listenerId: 'ann',
    clock,
    random: () => 0.5,
    onRejected: (some) => rejected.push(...some),
    onDropped: (event) => dropped.push(event),
    onTrouble: (error) => troubles.push(error),
    ...options,
  });
  return { client, clock, server, rejected, dropped, troubles };
}
const like = (client: ShelfwiseClient, itemId: string) => client.track({ type: 'like', itemId });
/** Lets requests that are under way come back. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

describe('track', () => {
  it('gathers events for two seconds and sends them together, with what the app need not say', async () => {
    const { client, clock, server } = await open(platform(), { device: 'tv', sessionId: 's1' });
    const id = like(client, 'a');
    clock.advance(1000);
    client.rendered({ decisionId: '01JDZ000000000000000000000' });
    clock.advance(999);
    expect(server.asked).toEqual([]);
    clock.advance(1);
    await until(() => client.pending === 0);
    const [asked] = server.asked;
    expect([asked.method, asked.url, asked.headers.authorization]).toEqual(['POST', '/v1/events', 'Bearer k']);
    expect(eventsOf(asked)).toEqual([
      {
        type: 'like',
        itemId: 'a',
        eventId: id,
        listenerId: 'ann',
        sessionId: 's1',
        device: 'tv',
        occurredAt: '2026-11-24T12:00:00.000Z',
      },
      expect.objectContaining({ type: 'rendered', occurredAt: '2026-11-24T12:00:01.000Z' }),
    ]);
  });

  it('sends at once when a batch is full, and never more than a batch in a request', async () => {
    const { client, clock, server } = await open(platform(), { maxBatch: 3 });
    for (let i = 0; i < 7; i++) like(client, `i${i}`);
    clock.advance(0);
    await until(() => client.pending === 0);
    expect(server.asked.map((asked) => eventsOf(asked).length)).toEqual([3, 3, 1]);
    expect(server.asked.flatMap(eventsOf).map(({ itemId }) => itemId)).toEqual([
      'i0',
      'i1',
      'i2',
      'i3',
      'i4',
      'i5',
      'i6',
    ]);
  });

  it('gives each event an id of its own, and takes one twice only once', async () => {
    const { client } = await open(platform());
    const ids = new Set(Array.from({ length: 500 }, () => like(client, 'a')));
    expect([ids.size, client.pending]).toEqual([500, 500]);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{30}$/);
    client.track({ type: 'like', itemId: 'b', eventId: 'mine' });
    client.track({ type: 'like', itemId: 'b', eventId: 'mine' });
    expect(client.pending).toBe(501);
  });
});

describe('an event that is refused', () => {
  it('is told with why, and never sent again; the others of its envelope are not touched', async () => {
    const { client, clock, server, rejected } = await open(platform());
    for (const item of ['a', 'bad', 'b']) like(client, item);
    await client.flush();
    expect(rejected).toMatchObject([
      { event: { itemId: 'bad' }, code: 'EVENT_INVALID', message: 'bad', remedy: 'mend' },
    ]);
    expect([client.pending, server.asked.length, clock.nextInMs()]).toEqual([0, 1, undefined]);
  });

  it.each([400, 413, 422])('is found where a whole envelope is refused with %d', async (status) => {
    const answer = platform();
    const { client, rejected } = await open((asked) =>
      eventsOf(asked).some(({ itemId }) => itemId === 'poison')
        ? { status, json: { code: 'REQUEST_INVALID', detail: 'no', remedy: 'r' } }
        : answer(asked),
    );
    for (const item of ['a', 'b', 'poison', 'c', 'd']) like(client, item);
    await client.flush();
    expect(rejected.map(({ event, code }) => [event.itemId, code])).toEqual([['poison', 'REQUEST_INVALID']]);
    expect(client.pending).toBe(0);
  });
});

describe('a platform that does not answer', () => {
  it('is asked again after waits that double up to a limit, with chance in them; ids make that harmless', async () => {
    let down = true;
    const answer = platform();
    const { client, clock, server, troubles } = await open((asked) => (down ? null : answer(asked)), {
      retryAtMostMs: 10_000,
    });
    like(client, 'a');
    clock.advance(2000);
    const waits: (number | undefined)[] = [];
    for (let failures = 1; failures <= 6; failures++) {
      await until(() => troubles.length === failures && clock.nextInMs() !== undefined);
      waits.push(clock.nextInMs());
      if (failures === 6) down = false;
      clock.advance(clock.nextInMs() as number);
    }
    // Of 1, 2, 4 … s a half is certain, and of the other half the half that chance gives here.
    expect(waits).toEqual([750, 1500, 3000, 6000, 7500, 7500]);
    expect(troubles[0]).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      status: 0,
      remedy: expect.stringContaining('baseUrl'),
    });
    await until(() => client.pending === 0);
    expect(new Set(server.asked.flatMap(eventsOf).map(({ eventId }) => eventId)).size).toBe(1);
    // What comes next waits its two seconds, as if nothing had been.
    like(client, 'b');
    expect(clock.nextInMs()).toBe(2000);
  });

  it.each([
    [429, '7', 7000],
    [503, 'Tue, 24 Nov 2026 12:01:02 GMT', 60_000],
    [507, '0', 750],
    [401, undefined, 750],
  ])('with %d and Retry-After %s is asked again after %d ms', async (status, retryAfter, waitMs) => {
    const { client, clock, server } = await open(() => ({
      status,
      json: { code: 'X', detail: 'd', remedy: 'r' },
      headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    }));
    like(client, 'a');
    clock.advance(2000);
    await until(() => clock.nextInMs() !== undefined);
    expect([clock.nextInMs(), client.pending, server.asked.length]).toEqual([waitMs, 1, 1]);
  });

  it('is not asked sooner because more happens, but at once by a flush, which says what is wrong', async () => {
    const { client, clock, server } = await open(
      () => ({ status: 503, json: { code: 'NOT_READY', detail: 'd', remedy: 'r' } }),
      {
        maxBatch: 2,
      },
    );
    like(client, 'a');
    await expect(client.flush()).rejects.toMatchObject({ code: 'NOT_READY', status: 503, message: 'd', remedy: 'r' });
    const waitMs = clock.nextInMs();
    like(client, 'b');
    like(client, 'c');
    expect([clock.nextInMs(), client.pending]).toEqual([waitMs, 3]);
    await expect(client.flush()).rejects.toThrow();
    expect(server.asked.length).toBe(2);
  });

  it('may be a proxy: an answer that is no problem says so', async () => {
    const { client } = await open(() => ({ status: 502 }));
    like(client, 'a');
    await expect(client.flush()).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE', status: 502 });
  });

  it('reads Retry-After in seconds and as a date, and nothing else', () => {
    expect(
      ['3', 'Tue, 24 Nov 2026 12:00:09 GMT', 'Tue, 24 Nov 2026 11:00:00 GMT', 'soon', '-1', null].map((text) =>
        retryAfterMs(text, NOW_MS),
      ),
    ).toEqual([3000, 9000, 0, 0, 0, 0]);
  });
});

describe('the queue', () => {
  const down = () => ({ status: 503, json: {} });

  it('is bounded: the oldest of the least worth goes first, and the app is told', async () => {
    const { client, dropped } = await open(down, { maxQueued: 4 });
    const reference = { decisionId: '01JDZ000000000000000000000', shelfRank: 0 };
    const kinds = (events: readonly IncomingEvent[]) =>
      events.map(({ type, itemId }) => `${type} ${itemId ?? ''}`.trim());
    client.track({ type: 'impression', reference });
    client.track({ type: 'play', itemId: 'p', playedMs: 1 });
    client.track({ type: 'rendered', reference });
    client.track({ type: 'like', itemId: 'l1' });
    client.track({ type: 'like', itemId: 'l2' });
    client.track({ type: 'hide', itemId: 'h' });
    expect(kinds(dropped)).toEqual(['impression', 'rendered']);
    client.track({ type: 'impression', reference });
    expect(kinds(dropped)).toEqual(['impression', 'rendered', 'impression']);
    client.track({ type: 'follow', itemId: 'f' });
    client.track({ type: 'follow', itemId: 'g' });
    expect(kinds(dropped).slice(3)).toEqual(['play p', 'like l1']);
    expect(client.pending).toBe(4);
  });

  it('outlives a reload in a storage, in order, and takes its entries away when they are answered', async () => {
    const storage = smallStorage();
    storage.setItem('theirs', 'untouched');
    storage.setItem('shelfwise:broken', '{');
    const first = await open(down, { storage });
    for (const item of ['a', 'b', 'c']) {
      like(first.client, item);
      first.clock.advance(1);
    }
    expect(storage.length).toBe(4);
    const second = await open(platform(), { storage });
    expect(second.client.pending).toBe(3);
    second.clock.advance(2000);
    await until(() => second.client.pending === 0);
    expect(second.server.asked.flatMap(eventsOf).map(({ itemId }) => itemId)).toEqual(['a', 'b', 'c']);
    expect([storage.length, storage.getItem('theirs')]).toEqual([1, 'untouched']);
  });

  it('works on in memory where the storage is full, and says so', async () => {
    const { client, troubles } = await open(platform(), { storage: smallStorage(1) });
    like(client, 'a');
    like(client, 'b');
    expect(troubles).toMatchObject([{ message: 'QuotaExceededError' }]);
    await client.flush();
    expect(client.pending).toBe(0);
  });

  it('never holds the key', async () => {
    const storage = smallStorage();
    const { client } = await open(down, { storage, key: 'very-secret' });
    like(client, 'a');
    for (let i = 0; i < storage.length; i++)
      expect(storage.getItem(storage.key(i) as string)).not.toContain('very-secret');
  });
});

describe('home', () => {
  const page = { decisionId: '01JDZ000000000000000000000', policy: 'p', degraded: false, shelves: [] };

  it('asks for the listener, device and session, and whatever else the app says', async () => {
    const { client, server } = await open(() => ({ status: 200, json: page }), {
      listenerId: 'a/b ü',
      device: 'car',
      sessionId: 's',
    });
    expect(await client.home()).toEqual(page);
    await client.home({ device: 'tv', fresh: true });
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/v1/listeners/a%2Fb%20%C3%BC/home?session=s&device=car',
      '/v1/listeners/a%2Fb%20%C3%BC/home?session=s&device=tv&fresh=true',
    ]);
    expect(server.asked[0].headers.authorization).toBe('Bearer k');
  });

  it('sends what waits first, so that it shows what was just played', async () => {
    const answer = platform();
    const { client, server } = await open((asked) =>
      asked.method === 'POST' ? answer(asked) : { status: 200, json: page },
    );
    like(client, 'a');
    await client.home();
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('comes even where events cannot be sent', async () => {
    const { client } = await open(({ method }) =>
      method === 'POST' ? { status: 507, json: {} } : { status: 200, json: page },
    );
    like(client, 'a');
    expect(await client.home()).toEqual(page);
    expect(client.pending).toBe(1);
  });

  it('is asked for three times where that may help, and once where it may not', async () => {
    for (const [status, asked] of [
      [503, 3],
      [401, 1],
      [422, 1],
    ]) {
      const { client, clock, server } = await open(() => ({ status, json: { code: 'C', detail: 'd', remedy: 'r' } }));
      const failed = expect(client.home()).rejects.toMatchObject({ status, code: 'C' });
      for (let i = 1; i < asked; i++) {
        await until(() => server.asked.length === i && clock.nextInMs() !== undefined);
        clock.advance(clock.nextInMs() as number);
      }
      await failed;
      expect(server.asked.length).toBe(asked);
    }
  });

  it('ends when the app no longer wants it', async () => {
    const { client } = await open(() => ({ status: 200, json: page }));
    const leave = new AbortController();
    leave.abort(new Error('gone'));
    await expect(client.home({ signal: leave.signal })).rejects.toThrow('gone');
    const waiting = await open(() => ({ status: 503, json: {} }));
    const later = new AbortController();
    const ended = expect(waiting.client.home({ signal: later.signal })).rejects.toThrow('gone too');
    await until(() => waiting.clock.nextInMs() !== undefined);
    later.abort(new Error('gone too'));
    await ended;
    expect(waiting.clock.nextInMs()).toBeUndefined();
  });
});

describe('close', () => {
  it('sends what waits, and lets nothing run on', async () => {
    const { client, clock, server } = await open(platform());
    like(client, 'a');
    await client.close();
    expect([client.pending, server.asked.length, clock.nextInMs()]).toEqual([0, 1, undefined]);
  });

  it('does not reject where that fails', async () => {
    const { client, clock } = await open(() => null);
    like(client, 'a');
    await client.close();
    expect([client.pending, clock.nextInMs()]).toEqual([1, undefined]);
  });
});

describe('options', () => {
  it('that are unknown or cannot be are errors that say what would do', () => {
    const good: ClientOptions = { baseUrl: 'https://h', key: 'k', listenerId: 'l' };
    for (const [options, says] of [
      [{ baseUrl: 'h' }, 'https://host'],
      [{ key: '' }, 'key is missing'],
      [{ listenerId: '' }, 'listenerId is missing'],
      [{ maxBatch: 1001 }, 'give 1 to 1000'],
      [{ maxQueued: Number.NaN }, 'maxQueued is NaN'],
      [{ flush: 1 }, 'no option "flush"'],
    ] as const) {
      expect(() => createClient({ ...good, ...options } as ClientOptions)).toThrow(says);
    }
  });

  it('may give a key that changes', async () => {
    let key = 'one';
    const { client, server } = await open(platform(), { key: () => key });
    like(client, 'a');
    await client.flush();
    key = 'two';
    like(client, 'b');
    await client.flush();
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  });
});
