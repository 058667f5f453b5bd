/** Counts requests per route and status class, and how long they took: Prometheus text, without a library on the hot path. */
const BUCKETS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000] as const;
const CLASSES = 6;

export interface RouteMeter {
  observe(status: number, elapsedMs: number): void;
}

export interface Meter {
  route(method: string, url: string): RouteMeter;
  /** Prometheus text. */
  text(): string;
}

interface RouteCounts {
  readonly labels: string;
  readonly classes: Float64Array;
  readonly buckets: Float64Array;
  sumMs: number;
}

export function createMeter(): Meter {
  const routes = new Map<string, RouteCounts>();
  return {
    route(method, url) {
      const labels = `method="${method}",route="${url.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
      let counts = routes.get(labels);
      if (counts === undefined) {
        counts = {
          labels,
          classes: new Float64Array(CLASSES),
          buckets: new Float64Array(BUCKETS_MS.length + 1),
          sumMs: 0,
        };
        routes.set(labels, counts);
      }
      const held = counts;
      return {
        observe(status, elapsedMs) {
          held.classes[Math.min(CLASSES - 1, (status / 100) | 0)]++;
          let bucket = 0;
          while (bucket < BUCKETS_MS.length && elapsedMs > BUCKETS_MS[bucket]) bucket++;
          held.buckets[bucket]++;
          held.sumMs += elapsedMs;
        },
      };
    },
    text() {
      const lines = [
        '# HELP shelfwise_http_requests_total Requests answered, by route and class of status.',
        '# TYPE shelfwise_http_requests_total counter',
      ];
      for (const { labels, classes } of routes.values()) {
        for (let i = 1; i < CLASSES; i++) {
          if (classes[i] > 0) lines.push(`shelfwise_http_requests_total{${labels},class="${i}xx"} ${classes[i]}`);
        }
      }
      lines.push(
        '# HELP shelfwise_http_request_seconds Time from the request line to the end of the answer.',
        '# TYPE shelfwise_http_request_seconds histogram',
      );
      for (const { labels, buckets, sumMs } of routes.values()) {
        let total = 0;
        for (const count of buckets) total += count;
        if (total === 0) continue;
        let below = 0;
        for (let i = 0; i < BUCKETS_MS.length; i++) {
          below += buckets[i];
          lines.push(`shelfwise_http_request_seconds_bucket{${labels},le="${BUCKETS_MS[i] / 1000}"} ${below}`);
        }
        lines.push(
          `shelfwise_http_request_seconds_bucket{${labels},le="+Inf"} ${total}`,
          `shelfwise_http_request_seconds_sum{${labels}} ${sumMs / 1000}`,
          `shelfwise_http_request_seconds_count{${labels}} ${total}`,
        );
      }
      return `${lines.join('\n')}\n`;
    },
  };
}
