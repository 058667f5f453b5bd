/** Vowpal Wabbit's logs of decisions (`dsjson`), the format of our own exports too. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  type DecisionSource,
  type EvaluationRows,
  jointWeights,
  plainStudy,
  requirePropensity,
  type Study,
  withLookBacks,
} from '../../counterfactual/index.ts';
import { requireFile, STANDARD_INPUT } from '../text-lines.ts';
import { isOwnEvent } from '../vw/decisions.ts';
import type { BanditEvent } from '../vw/event.ts';
import { type BanditFeedback, feedbackOf } from '../vw/feedback.ts';
import { readVw } from '../vw/read.ts';
import { ChunkBuilder, emptyRow } from './chunk-builder.ts';
import type { OpeLog } from './log.ts';

/** The policy's probability of a logged choice, among `choice.eligible`; in [0, 1]. */
export type ChoiceProbability = (choice: BanditFeedback, event: BanditEvent) => number;

export interface DsjsonOptions {
  /** The policy that is judged. @default 'uniform' over what a slot could choose from */
  readonly target?: 'uniform' | 'logged' | 'first' | ChoiceProbability;
  /** Are there events of several slots? Then they are weighted by slot, by beginning and as a whole. @default false */
  readonly slots?: boolean;
}

/** Targets that need nothing but the event. `first` always takes the first action that a slot could: what an engine does that explores nothing. */
const TARGETS: Readonly<Record<'uniform' | 'logged' | 'first', ChoiceProbability>> = {
  uniform: ({ eligible }) => 1 / eligible.length,
  logged: ({ probability }) => probability,
  first: ({ eligible, action }) => (eligible[0] === action ? 1 : 0),
};

/**
 * Rewards are minus the costs. Of an event of one slot, or of a whole of slots with one cost (`slates`), the whole is one row; a slot
 * of a conditional event (`ccb`) is a row at its place. Left out, and counted in the notes: events not to be learnt from, choices without label
 * or forced by declaration, lines that are none. Events that stand for several (`pdrop`) count once. An event is its own listener, unless it
 * says whose it is (our own exports do). Throws `OPTION_INVALID` for a missing file.
 */
export function readOpeDsjson(file: string, options: DsjsonOptions = {}): OpeLog {
  if (file !== STANDARD_INPUT) requireFile(file);
  const notes: string[] = [];
  const { target = 'uniform' } = options;
  const probability = typeof target === 'string' ? TARGETS[target] : target;
  const source: DecisionSource = { [Symbol.asyncIterator]: () => chunksOf(file, probability, notes) };
  return {
    describe: `decisions of Vowpal Wabbit, ${file}`,
    notes,
    studies: options.slots === true ? slotStudies(source) : [plainStudy(source, [])],
  };
}

/** A row's own ratio, that of its beginning, and that of the whole: what a reward is taken to depend on. */
function slotStudies(source: DecisionSource): Study[] {
  const joint: DecisionSource = {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of source) yield { ...chunk, weights: jointWeights(chunk.weights, chunk.decisionOf) };
    },
  };
  const study = (name: string, from: DecisionSource, names: Record<string, string>): Study => ({
    name,
    source: from,
    names,
    all: Object.keys(names),
    tune: [],
  });
  return [
    study('joint', joint, { sips: 'ipw', snsips: 'snipw' }),
    study('item-position', source, { iips: 'ipw', sniips: 'snipw-position' }),
    study('cascade', withLookBacks(source, [65535]), { rips: 'ipw', snrips: 'snipw-position' }),
  ];
}

async function* chunksOf(
  file: string,
  probability: ChoiceProbability,
  notes: string[],
): AsyncGenerator<EvaluationRows> {
  const builder = new ChunkBuilder();
  const next = emptyRow();
  const left = { bad: 0, 'not to be learnt from': 0, 'without a label': 0, 'of forced choices alone': 0 };
  const listeners = new ListenerNumbers();
  let sampled = 0;
  let row = 0;
  for await (const { events, bad } of readVw(file, 'dsjson')) {
    left.bad += bad.length;
    for (const event of events) {
      if (event.skipLearn) {
        left['not to be learnt from']++;
        continue;
      }
      const labelled = [...feedbackOf(event)];
      const choices = labelled.filter(({ forced }) => !forced);
      if (choices.length === 0) {
        left[labelled.length > 0 ? 'of forced choices alone' : 'without a label']++;
        continue;
      }
      if (event.dropped > 0) sampled++;
      next.listener = listeners.of(event);
      const whole = event.kind === 'slates';
      const own = isOwnEvent(event);
      let product = 1;
      for (const [place, choice] of choices.entries()) {
        const wanted = probability(choice, event);
        requirePropensity(choice.probability, row);
        if (!(wanted >= 0 && wanted <= 1 + 1e-9)) {
          const text = `row ${row} has a target propensity of ${wanted}`;
          throw new ShelfwiseError('OPE_ROW_INVALID', text, { details: { row } });
        }
        product = (whole ? product : 1) * (wanted / choice.probability);
        if (whole && place < choices.length - 1) continue;
        next.startsDecision = whole || place === 0;
        next.position = whole ? 0 : Math.min(65535, choice.slot);
        next.weight = product;
        // A shelf's slot repeats what its cards earned.
        next.reward = choice.cost === 0 || (own && !choice.slotId.includes('.')) ? 0 : -choice.cost;
        next.matches = product > 0 && wanted === 1 ? 1 : 0;
        row++;
        const full = builder.add(next);
        if (full !== null) yield full;
      }
    }
  }
  const rest = builder.take();
  if (rest !== null) yield rest;
  notes.length = 0;
  for (const [what, count] of Object.entries(left)) {
    if (count > 0)
      notes.push(`${count} ${what === 'bad' ? 'lines that cannot be read' : `events ${what}`} are left out`);
  }
  if (sampled > 0) notes.push(`${sampled} events stand for others that were dropped before logging, and count once`);
}

/** Our own exports name the listener; others' events are each a stranger's. A key is numbered by its first 32 bits. */
class ListenerNumbers {
  #strangers = 0;

  of(event: BanditEvent): number {
    const own = event.rest['_shelfwise'] as { readonly listenerKey?: unknown } | null | undefined;
    const key = own?.listenerKey;
    if (typeof key !== 'string') return this.#strangers++;
    let number = 2166136261;
    for (let i = 0; i < key.length; i++) number = Math.imul(number ^ key.charCodeAt(i), 16777619);
    return number >>> 0;
  }
}
