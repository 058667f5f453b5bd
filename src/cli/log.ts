/** The operator's log: one line an occurrence, on standard error, readable by people and by machines. */
import type { Clock } from '../base/index.ts';
import type { PlatformLogger } from '../platform/index.ts';

type Level = 'info' | 'warn' | 'error';

/** `2026-11-24T17:20:00.000Z WARN message {"detail":…}`; what is only informative is left out. */
export function lineLogger(clock: Clock, write: (line: string) => void): PlatformLogger {
  const at =
    (level: Level) =>
    (details: Record<string, unknown>, message: string): void =>
      write(`${new Date(clock.nowMs()).toISOString()} ${level.toUpperCase()} ${message} ${JSON.stringify(details)}\n`);
  return { info: () => {}, warn: at('warn'), error: at('error') };
}
