/**
 * Vowpal Wabbit's text formats of bandit problems. Of the four, all but `cb` spread an event over lines that a blank one ends:
 *
 * | format | lines |
 * | --- | --- |
 * | `cb-adf` | `shared \|x f:1`, then one an action; the chosen one starts with `0:cost:probability` (its line counts, not its number) |
 * | `cb` | `action:cost:probability \|x f:1`: one line, actions 1 to K |
 * | `ccb` | `ccb shared`, `ccb action`, `ccb slot chosen:cost:probability,… inc,inc` |
 * | `slates` | `slates shared cost`, `slates action slot`, `slates slot action:probability,…` |
 *
 * Features are `|Namespace:weight name:amount …`; an amount of 1 is left out, and so may be the namespace's name and weight.
 */
import type { BanditEvent, BanditSlot, JsonObject } from './event.ts';

export const TEXT_FORMATS = ['cb-adf', 'cb', 'ccb', 'slates'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export interface TextBlock {
  readonly lines: readonly string[];
  /** Of the first line, from 1. */
  readonly firstLine: number;
}

export type TextOutcome =
  | { readonly fate: 'event'; readonly event: BanditEvent }
  | { readonly fate: 'bad'; readonly row: number; readonly reason: string };

class BlockProblem extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** The event that the lines of a block tell. Of `cb` a block is one line. Blocks are not empty. */
export function parseTextBlock(block: TextBlock, format: TextFormat): TextOutcome {
  try {
    return { fate: 'event', event: PARSERS[format](block.lines) };
  } catch (error) {
    if (!(error instanceof BlockProblem)) throw error;
    return { fate: 'bad', row: block.firstLine + error.offset, reason: error.message };
  }
}

const PARSERS: Readonly<Record<TextFormat, (lines: readonly string[]) => BanditEvent>> = {
  'cb-adf': parseAdf,
  cb: parseCb,
  ccb: parseCcb,
  slates: parseSlates,
};

interface TextLine {
  /** Words before the first bar, a tag among them. */
  readonly words: readonly string[];
  readonly features: JsonObject;
}

function splitLine(text: string): TextLine {
  const bar = text.indexOf('|');
  const head = bar < 0 ? text : text.slice(0, bar);
  const words = head.split(/\s+/).filter((word) => word !== '');
  // A word that touches the bar is the line's tag, or is marked as one.
  if (bar > 0 && /\S$/.test(head)) {
    const last = words.at(-1) ?? '';
    if (!last.includes(':') || last.startsWith("'")) words.pop();
  } else if (words.at(-1)?.startsWith("'")) words.pop();
  return { words, features: bar < 0 ? {} : featuresOf(text.slice(bar + 1)) };
}

function featuresOf(text: string): JsonObject {
  const features = new Map<string, Map<string, number>>();
  for (const part of text.split('|')) {
    const words = part.split(/\s+/).filter((word) => word !== '');
    const isNamed = part !== '' && !/^\s/.test(part);
    const [name, weight] = isNamed ? split(words.shift() ?? '') : DEFAULT_NAMESPACE;
    const namespace = features.get(name) ?? new Map<string, number>();
    features.set(name, namespace);
    for (const word of words) {
      const [feature, amount] = split(word);
      namespace.set(feature, amount * weight);
    }
  }
  return Object.fromEntries([...features].map(([name, namespace]) => [name, Object.fromEntries(namespace)]));
}

/** Name and weight. */
const DEFAULT_NAMESPACE: [string, number] = [' ', 1];

/** `name:number`; the number is 1 where there is none, and where what follows the colon is none: that is part of the name. */
function split(word: string): [string, number] {
  const colon = word.lastIndexOf(':');
  const amount = colon < 0 ? Number.NaN : numberOf(word.slice(colon + 1));
  return Number.isFinite(amount) ? [word.slice(0, colon), amount] : [word, 1];
}

/** NaN for what is no decimal number. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function requireNumber(text: string, name: string, offset: number): number {
  const parsed = numberOf(text);
  if (!Number.isFinite(parsed)) throw new BlockProblem(offset, `${name} is "${text}", which is no number`);
  return parsed;
}

/** Clamped to [0, 1], as Vowpal Wabbit does. */
function requireProbability(text: string, offset: number): number {
  return Math.min(1, Math.max(0, requireNumber(text, 'a probability', offset)));
}

function requireIndex(text: string, count: number, first: number, name: string, offset: number): number {
  const index = /^\d+$/.test(text) ? Number(text) - first : -1;
  if (!(index >= 0 && index < count)) throw new BlockProblem(offset, `${name} is "${text}"; there are ${count}`);
  return index;
}

function event(
  kind: BanditEvent['kind'],
  shared: JsonObject,
  actions: readonly JsonObject[],
  slots: readonly BanditSlot[],
  globalCost: number | null = null,
): BanditEvent {
  return {
    kind,
    eventId: '',
    timestamp: '',
    shared,
    actions,
    slots,
    globalCost,
    dropped: 0,
    skipLearn: false,
    rest: {},
  };
}

interface Label {
  readonly ranking: readonly number[];
  readonly probabilities: readonly number[];
  readonly cost: number | null;
}

function slot(
  { ranking, probabilities, cost }: Label,
  features: JsonObject,
  included: readonly number[] | null,
): BanditSlot {
  return {
    id: '',
    features,
    included,
    ranking,
    probabilities,
    probability: probabilities.length > 0 && probabilities[0] > 0 ? probabilities[0] : null,
    cost,
    originalCost: null,
    observations: [],
  };
}

const NO_LABEL: Label = { ranking: [], probabilities: [], cost: null };

/** `action:cost:probability`, or null for a word without a probability. */
function labelParts(word: string, offset: number): { cost: number; probability: number } | null {
  const parts = word.split(':');
  if (parts.length < 3) return null;
  if (parts.length > 3) throw new BlockProblem(offset, `the label "${word}" is not action:cost:probability`);
  return { cost: requireNumber(parts[1], 'a cost', offset), probability: requireProbability(parts[2], offset) };
}

function parseAdf(lines: readonly string[]): BanditEvent {
  let shared: JsonObject = {};
  const actions: JsonObject[] = [];
  let label: Label = NO_LABEL;
  for (const [offset, text] of lines.entries()) {
    const { words, features } = splitLine(text);
    if (words[0] === 'shared') {
      if (offset > 0) throw new BlockProblem(offset, 'a shared line that is not the first of its event');
      shared = features;
      continue;
    }
    const parts = words.length === 0 ? null : labelParts(words[0], offset);
    if (parts !== null) {
      if (label !== NO_LABEL) throw new BlockProblem(offset, 'a second action with a label');
      label = { ranking: [actions.length], probabilities: [parts.probability], cost: parts.cost };
    }
    actions.push(features);
  }
  if (actions.length === 0) throw new BlockProblem(0, 'the event has no action');
  return event('cb', shared, actions, [slot(label, {}, null)]);
}

function parseCb(lines: readonly string[]): BanditEvent {
  const { words, features } = splitLine(lines[0]);
  let label: Label = NO_LABEL;
  let highest = 0;
  for (const word of words) {
    const action = /^\d+(:|$)/.test(word) ? Number.parseInt(word, 10) : 0;
    // A word that costs nothing names an action at most.
    if (action < 1 && word.includes(':')) throw new BlockProblem(0, `the label "${word}" has no action from 1 on`);
    highest = Math.max(highest, action);
    const parts = labelParts(word, 0);
    if (parts !== null) label = { ranking: [action - 1], probabilities: [parts.probability], cost: parts.cost };
  }
  // How many actions there are is not in the file: as many as the line names.
  return event(
    'cb',
    features,
    Array.from({ length: highest }, () => ({})),
    [slot(label, {}, null)],
  );
}

function parseCcb(lines: readonly string[]): BanditEvent {
  let shared: JsonObject = {};
  const actions: JsonObject[] = [];
  const slots: BanditSlot[] = [];
  for (const [offset, text] of lines.entries()) {
    const { words, features } = splitLine(text);
    const [format, part, ...labels] = words;
    if (format !== 'ccb') throw new BlockProblem(offset, 'a line that does not start with "ccb"');
    if (part === 'shared') shared = features;
    else if (part === 'action') {
      if (slots.length > 0) throw new BlockProblem(offset, 'an action after a slot');
      actions.push(features);
    } else if (part === 'slot') slots.push(ccbSlot(labels, features, actions.length, offset));
    else throw new BlockProblem(offset, `"ccb ${part ?? ''}" is neither shared, action nor slot`);
  }
  if (actions.length === 0) throw new BlockProblem(0, 'the event has no action');
  return event('ccb', shared, actions, slots);
}

function ccbSlot(labels: readonly string[], features: JsonObject, count: number, offset: number): BanditSlot {
  let label: Label = NO_LABEL;
  let included: number[] | null = null;
  for (const word of labels) {
    if (!word.includes(':')) {
      included = word.split(',').map((id) => requireIndex(id, count, 0, 'an included action', offset));
      continue;
    }
    const [first, ...others] = word.split(',');
    const parts = labelParts(first, offset);
    if (parts === null) throw new BlockProblem(offset, `the label "${first}" is not action:cost:probability`);
    const more = others.map((pair) => pairOf(pair, count, offset));
    label = {
      ranking: [requireIndex(first.split(':')[0], count, 0, 'the chosen action', offset), ...more.map(([id]) => id)],
      probabilities: [parts.probability, ...more.map(([, p]) => p)],
      cost: parts.cost,
    };
    if (more.length > 0) requireSum(label.probabilities, offset);
  }
  return slot(label, features, included);
}

function pairOf(pair: string, count: number, offset: number): [number, number] {
  const [id, probability] = pair.split(':');
  return [requireIndex(id, count, 0, 'an action', offset), requireProbability(probability ?? '', offset)];
}

/** Text has six digits, hardly more. */
const SUM_TOLERANCE = 1e-4;

function requireSum(probabilities: readonly number[], offset: number): void {
  const sum = probabilities.reduce((total, p) => total + p, 0);
  if (Math.abs(sum - 1) > SUM_TOLERANCE) throw new BlockProblem(offset, `the probabilities sum to ${sum}, not to 1`);
}

function parseSlates(lines: readonly string[]): BanditEvent {
  let shared: JsonObject = {};
  let globalCost: number | null = null;
  const actions: JsonObject[] = [];
  const own: number[][] = [];
  const slots: BanditSlot[] = [];
  for (const [offset, text] of lines.entries()) {
    const { words, features } = splitLine(text);
    const [format, part, ...labels] = words;
    if (format !== 'slates') throw new BlockProblem(offset, 'a line that does not start with "slates"');
    if (part === 'shared') {
      shared = features;
      if (labels.length > 0) globalCost = requireNumber(labels[0], 'the cost', offset);
    } else if (part === 'action') {
      const slotIndex = requireIndex(labels[0] ?? '', lines.length, 0, "the action's slot", offset);
      own[slotIndex] ??= [];
      own[slotIndex].push(actions.length);
      actions.push({ ...features, _slot_id: slotIndex });
    } else if (part === 'slot') {
      const mine = own[slots.length] ?? [];
      const pairs = labels.flatMap((word) => word.split(',')).map((pair) => pairOf(pair, mine.length, offset));
      slots.push(
        slot(
          { ranking: pairs.map(([id]) => mine[id]), probabilities: pairs.map(([, p]) => p), cost: null },
          features,
          mine,
        ),
      );
    } else throw new BlockProblem(offset, `"slates ${part ?? ''}" is neither shared, action nor slot`);
  }
  if (actions.length === 0) throw new BlockProblem(0, 'the event has no action');
  return event('slates', shared, actions, slots, globalCost);
}
