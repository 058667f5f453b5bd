/**
 * A token bucket: it holds at most `burst` tokens, a request takes one, and time puts `requestsPerSecond` back. Two numbers,
 * no timer, nothing allocated.
 */
import { SECOND_MS } from '../base/index.ts';
import type { RateLimit } from '../platform/index.ts';

export class TokenBucket {
  readonly limit: RateLimit;
  private tokens: number;
  private atMs: number;

  constructor(limit: RateLimit, nowMs: number) {
    this.limit = limit;
    this.tokens = limit.burst;
    this.atMs = nowMs;
  }

  /** Takes a token. @returns 0, or in how many milliseconds there will be one */
  take(nowMs: number): number {
    const { requestsPerSecond, burst } = this.limit;
    const passedMs = nowMs - this.atMs;
    if (passedMs > 0) {
      this.tokens = Math.min(burst, this.tokens + (passedMs * requestsPerSecond) / SECOND_MS);
      this.atMs = nowMs;
    }
    if (this.tokens >= 1) {
      this.tokens -= 1;
      return 0;
    }
    return ((1 - this.tokens) * SECOND_MS) / requestsPerSecond;
  }
}
