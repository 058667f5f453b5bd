/** From an acknowledged event to its effect in the next Home, over HTTP. */
import { listenerId, preparedDir, startServer } from './harness.ts';
import { httpRequest, openClient, round } from './load.ts';
import type { BenchSettings } from './settings.ts';

const WARM_UP_MS = 3000;

export async function benchFreshness({ items, listeners, seconds }: BenchSettings): Promise<Record<string, unknown>> {
  const dataDir = await preparedDir(items, listeners);
  const server = await startServer({ dataDir });
  try {
    const base = `http://127.0.0.1:${server.port}`;
    const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' };
    const found = (await (await fetch(`${base}/v1/items?search=&kind=album&limit=100`, { headers })).json()) as {
      items: { id: string; markets?: string[]; tiers?: string[]; explicit?: boolean }[];
    };
    // Albums that anyone may have: another would rightly not be shown.
    const open = found.items.filter(
      (item) => item.markets === undefined && item.tiers === undefined && item.explicit !== true,
    );
    const albums = open.map((item) => item.id);
    const latencies: number[] = [];
    let shown = 0;
    let asked = 0;
    const run = Date.now().toString(36);
    await server.settle();
    // The first seconds warm the process up: a server that was just started compiles its code.
    const warmUpEndMs = performance.now() + WARM_UP_MS;
    const endMs = warmUpEndMs + seconds * 1000;
    const client = await openClient(server.port);
    for (let n = 0; performance.now() < endMs; n++) {
      const listener = listenerId(n, listeners);
      const album = albums[n % albums.length];
      const event = {
        eventId: `fresh-${run}-${n}`,
        type: 'play',
        listenerId: listener,
        itemId: album,
        occurredAt: new Date().toISOString(),
        playedMs: 200_000,
        durationMs: 240_000,
      };
      await client.send(httpRequest('POST', '/v1/events', server.key, JSON.stringify({ events: [event] })));
      const ask = httpRequest('GET', `/v1/listeners/${listener}/home?device=desktop`, server.key);
      const acknowledgedMs = performance.now();
      const answer = await client.send(ask);
      const latencyMs = performance.now() - acknowledgedMs;
      if (performance.now() < warmUpEndMs) continue;
      latencies.push(latencyMs);
      const page = JSON.parse(answer.text()) as { shelves: { kind: string; cards: { id: string }[] }[] };
      // Its effect: it leads the recently played, or stands among what is played most and is no longer recommended.
      const recent = page.shelves.find((shelf) => shelf.kind === 'recently-played');
      const heavy = page.shelves.find((shelf) => shelf.kind === 'heavy-rotation');
      const offered = page.shelves.some(
        (shelf) =>
          ['recommended', 'more-like', 'something-different'].includes(shelf.kind) &&
          shelf.cards.some((card) => card.id === album),
      );
      const holds = (shelf: typeof recent): boolean => shelf?.cards.some((card) => card.id === album) ?? false;
      if ((holds(recent) || holds(heavy)) && !offered) shown++;
      asked++;
    }
    client.close();
    latencies.sort((a, b) => a - b);
    const quantile = (q: number): number =>
      round(latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0);
    return {
      homesAskedAfterAcknowledgement: asked,
      shareShowingTheEffect: shown / Math.max(1, asked),
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: quantile(1),
    };
  } finally {
    await server.stop();
  }
}
