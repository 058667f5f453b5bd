/** From an acknowledged event to its effect in the next Home, over HTTP. */
import { listenerId, preparedDir, startServer } from './harness.ts';
import { round } from './load.ts';
import type { BenchSettings } from './settings.ts';

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
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      const listener = listenerId(asked, listeners);
      const album = albums[asked % albums.length];
      const event = {
        eventId: `fresh-${run}-${asked}`,
        type: 'play',
        listenerId: listener,
        itemId: album,
        occurredAt: new Date().toISOString(),
        playedMs: 200_000,
        durationMs: 240_000,
      };
      const answer = await fetch(`${base}/v1/events`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ events: [event] }),
      });
      await answer.json();
      const acknowledgedMs = performance.now();
      const page = (await (
        await fetch(`${base}/v1/listeners/${listener}/home?device=desktop`, { headers })
      ).json()) as {
        shelves: { kind: string; cards: { id: string }[] }[];
      };
      latencies.push(performance.now() - acknowledgedMs);
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
