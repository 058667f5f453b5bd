/** What was read for the cards of a listener: kept beside the listener's state as long as nothing of it has changed. */
import type { Catalog, ResolvedProfile } from '../../domain/index.ts';
import type { GeneratedCards, Language } from '../../home/index.ts';
import type { Held } from './keeping.ts';

export interface ReadCards {
  readonly held: Held;
  readonly epochs: Catalog;
  /** The taste's version where anything is hidden; -1 where nothing is. */
  readonly hides: number;
  readonly explicitAllowed: ResolvedProfile['explicitAllowed'];
  readonly ageBand: ResolvedProfile['ageBand'];
  readonly market: string;
  readonly tier: string;
  readonly language: Language;
  readonly fromMs: number;
  /** When a window of a track opens or closes, or a list ends. */
  readonly untilMs: number;
  readonly cards: GeneratedCards;
}
