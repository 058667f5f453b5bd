/** What the platform's thread and the insights thread say to each other. */
import { join } from 'node:path';
import type { FeedbackEvent, Serving } from '../../domain/index.ts';
import type { BotRules } from '../../signals/index.ts';
import type { LogPosition } from '../../store/index.ts';
import type { FromAskedThread, ToAskedThread } from '../asking-thread.ts';
import type { EndingMemory } from '../ending.ts';
import type { ExposureReport, HomeSums, ShelfReport, Span } from './accumulator.ts';
import type { RecordSummary } from './scan.ts';

export interface InsightsData {
  /** The data directory. */
  readonly dir: string;
  /** Who is taken for a machine, whose plays earn nothing. */
  readonly botRules: BotRules;
  readonly endingMemory: EndingMemory;
}

/** What was counted, and up to where. */
export function snapshotFile(dir: string): string {
  return join(dir, 'insights.bin');
}

/** How far the thread may read, and what it reads entries with. */
export interface Ends {
  readonly events: LogPosition;
  readonly decisions: LogPosition;
  readonly catalogHash: string;
  readonly stateTable: string;
  readonly nowMs: number;
}

export type Question =
  | { readonly kind: 'shelves'; readonly days: number }
  | { readonly kind: 'exposure'; readonly item: number; readonly days: number }
  /** No question, but done when it is answered: nothing of the listener is in memory or in the snapshot. */
  | { readonly kind: 'forget'; readonly listenerKey: string }
  | {
      readonly kind: 'timeline' | 'decisions';
      readonly listenerKey: string;
      readonly limit: number;
      /** Log position as a number: only what lies before it. */
      readonly before: number | undefined;
    };

interface Counted {
  readonly span: Span;
  /** Older entries are still to be counted. */
  readonly catchingUp: boolean;
}

export interface Answers {
  forget: object;
  shelves: Counted & {
    readonly homes: HomeSums;
    readonly homesTotal: HomeSums;
    readonly shelves: readonly ShelfReport[];
  };
  exposure: Counted & { readonly exposure: ExposureReport | undefined };
  timeline: { readonly events: readonly FeedbackEvent[]; readonly next: number | undefined };
  decisions: {
    readonly decisions: readonly (RecordSummary & { readonly servings: readonly Serving[] })[];
    readonly next: number | undefined;
  };
}

/** A question with how far may be read for it. */
export interface Asked {
  readonly question: Question;
  readonly ends: Ends;
}

export interface Follow {
  readonly type: 'follow';
  readonly ends: Ends;
}

export type ToThread = ToAskedThread<Asked> | Follow;

export type FromThread = FromAskedThread<Answers[keyof Answers]>;
