/**
 * Decision-service JSON (`--dsjson`), one object a line: what Vowpal Wabbit and Azure Personalizer log. And plain JSON
 * (`--json`), where the line itself is the context and the labels stand in it.
 *
 * Reads everything that VowpalWabbit 9 reads but for continuous actions (`pdf`); what it means is checked more strictly: a
 * probability outside [0, 1] or a ranking that names an action twice is an error here.
 * Format: https://github.com/VowpalWabbit/vowpal_wabbit/wiki/Daemon-example and its json parser.
 */
import { messageOf } from '../../base/index.ts';
import type { BanditEvent, BanditSlot, JsonObject } from './event.ts';

/** What a line is, when it is no event. */
export type NoEvent =
  | { readonly fate: 'ignored' }
  | { readonly fate: 'without-actions' }
  | { readonly fate: 'bad'; readonly reason: string };

export type DsjsonLine = { readonly fate: 'event'; readonly event: BanditEvent } | NoEvent;

/** Thrown and caught in this file: why a line cannot be taken. */
class LineProblem extends Error {}

function refuse(reason: string): never {
  throw new LineProblem(reason);
}

/** The event on a line of decision-service JSON. */
export function parseDsjson(text: string): DsjsonLine {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return { fate: 'ignored' };
  return guarded(() => {
    const line = parseObject(trimmed);
    // An observation that was logged before it was joined to its event: it has no context.
    if (line['c'] === undefined) return { fate: 'ignored' };
    const context = requireObject(line['c'], 'c');
    return eventOf(line, context, without(line, DSJSON_KEYS));
  });
}

/** The event on a line of plain JSON. */
export function parseVwJson(text: string): DsjsonLine {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return { fate: 'ignored' };
  return guarded(() => {
    const line = parseObject(trimmed);
    const isLabel = (key: string): boolean => key.startsWith('_label');
    const features = Object.fromEntries(Object.entries(line).filter(([key]) => !isLabel(key)));
    // The actions stand in the line, or in the one namespace that has them.
    const holder = line['_multi'] === undefined ? Object.values(line).find(holdsActions) : undefined;
    // Of what decision-service JSON says about an event, plain JSON knows the label only.
    const labels = Object.fromEntries(Object.entries(line).filter(([key]) => isLabel(key)));
    return eventOf(labels, holder ?? features);
  });
}

function guarded(parse: () => DsjsonLine): DsjsonLine {
  try {
    return parse();
  } catch (error) {
    if (error instanceof LineProblem) return { fate: 'bad', reason: error.message };
    throw error;
  }
}

function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return refuse(`the line is not JSON: ${messageOf(error)}`);
  }
  if (!isWithin(parsed, MAX_DEPTH)) refuse(`the line is nested more than ${MAX_DEPTH} deep`);
  return requireObject(parsed, 'the line');
}

/** Namespaces hold features, and few writers nest those. `JSON.parse` takes what `JSON.stringify` has no stack for. */
const MAX_DEPTH = 100;

function isWithin(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (depth === 0) return false;
  for (const inner of Array.isArray(value) ? value : Object.values(value))
    if (!isWithin(inner, depth - 1)) return false;
  return true;
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function holdsActions(value: unknown): value is JsonObject {
  return isObject(value) && Array.isArray(value['_multi']);
}

function requireObject(value: unknown, name: string): JsonObject {
  return isObject(value) ? value : refuse(`${name} is not an object`);
}

function requireList(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(`${name} is not a list`);
}

/** The number, null where there is none. Only "NaN" may be written as text, and says nothing. */
function optionalNumber(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === 'NaN') return null;
  if (typeof value !== 'number') return refuse(`${name} is not a number`);
  if (!Number.isFinite(value)) return refuse(`${name} is out of range`);
  return value;
}

/** Numbers that overflow are infinite to `JSON.parse`, hence no probabilities either. */
function probabilityOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    return refuse(`${name} is ${JSON.stringify(value)}; a probability lies in [0, 1]`);
  }
  return value;
}

/** Action ids, each once, as indices. `first`: what the file counts from. */
function actionsOf(value: unknown, name: string, first: number, count: number): readonly number[] {
  const seen = new Set<number>();
  for (const id of requireList(value, name)) {
    const index = typeof id === 'number' && Number.isInteger(id) ? id - first : -1;
    if (!(index >= 0 && index < count)) refuse(`${name} names action ${JSON.stringify(id)} of ${count}`);
    if (seen.has(index)) refuse(`${name} names action ${id as number} twice`);
    seen.add(index);
  }
  return [...seen];
}

/** Keys of a line that are read; all others are `rest`. */
const DSJSON_KEYS: ReadonlySet<string> = new Set([
  '_label_cost',
  '_label_probability',
  '_label_Action',
  '_labelIndex',
  '_original_label_cost',
  '_outcomes',
  '_skipLearn',
  'EventId',
  'Timestamp',
  'Version',
  'a',
  'c',
  'o',
  'p',
  '_p',
  'pdrop',
]);

const VERSION = '1';

function eventOf(line: JsonObject, context: JsonObject, rest: JsonObject = {}): DsjsonLine {
  if (context['_multi'] === undefined) refuse('the context has no actions (_multi)');
  const actions = requireList(context['_multi'], '_multi').map((action, i) => requireObject(action, `_multi[${i}]`));
  if (actions.length === 0 || isEmptyList(line['a'])) return { fate: 'without-actions' };
  const slots = context['_slots'] === undefined ? null : requireList(context['_slots'], '_slots');
  const shared = without(context, CONTEXT_KEYS);
  const dropped = optionalNumber(line['pdrop'], 'pdrop') ?? 0;
  if (!(dropped >= 0 && dropped < 1)) refuse(`pdrop is ${dropped}; it lies in [0, 1)`);
  const common = {
    eventId: textOf(line['EventId'], 'EventId'),
    timestamp: textOf(line['Timestamp'], 'Timestamp'),
    shared,
    actions,
    dropped,
    skipLearn: line['_skipLearn'] === true,
    rest,
  };
  if (slots === null) {
    return { fate: 'event', event: { kind: 'cb', ...common, slots: [singleSlot(line, actions)], globalCost: null } };
  }
  const outcomes =
    line['_outcomes'] === undefined
      ? []
      : requireList(line['_outcomes'], '_outcomes').map((outcome, i) => requireObject(outcome, `_outcomes[${i}]`));
  if (outcomes.length > slots.length) refuse(`there are ${outcomes.length} outcomes of ${slots.length} slots`);
  const isSlates = actions.some((action) => action['_slot_id'] !== undefined);
  const readSlots = slots.map((given, i) =>
    slotOf(requireObject(given, `_slots[${i}]`), outcomes[i], i, actions, isSlates),
  );
  return {
    fate: 'event',
    event: {
      kind: isSlates ? 'slates' : 'ccb',
      ...common,
      slots: readSlots,
      globalCost: isSlates ? optionalNumber(line['_label_cost'], '_label_cost') : null,
    },
  };
}

const CONTEXT_KEYS: ReadonlySet<string> = new Set(['_multi', '_slots']);

const SLOT_KEYS: ReadonlySet<string> = new Set(['_id', '_inc']);

function without(object: JsonObject, keys: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : refuse(`${name} is not text`);
}

/** Ids are text here, also where a file has numbers. */
function idOf(value: unknown, name: string): string {
  return typeof value === 'number' ? String(value) : textOf(value, name);
}

function labelOf(line: JsonObject, name: string): unknown {
  // The label's fields are written in either case.
  const lower = `_label_${name.toLowerCase()}`;
  for (const [key, value] of Object.entries(line)) if (key.toLowerCase() === lower) return value;
  return undefined;
}

/** A contextual bandit: the label on the line. A label counts only with cost and a positive probability. */
function singleSlot(line: JsonObject, actions: readonly JsonObject[]): BanditSlot {
  const cost = optionalNumber(labelOf(line, 'cost'), '_label_cost');
  const stated = labelOf(line, 'probability');
  const probability = stated === undefined || stated === 'NaN' ? null : probabilityOf(stated, '_label_probability');
  const isLabel = cost !== null && probability !== null && probability > 0;
  const index = optionalNumber(line['_labelIndex'], '_labelIndex');
  const action = optionalNumber(labelOf(line, 'action'), '_label_Action');
  // The index is what the label is put by; files exist whose action disagrees.
  const chosen = index ?? (action === null ? null : action - 1);
  if (isLabel && chosen !== null && !(Number.isInteger(chosen) && chosen >= 0 && chosen < actions.length)) {
    refuse(`the label is for action ${chosen} (from 0) of ${actions.length}`);
  }
  const given = line['p'] ?? line['_p'];
  const p = given === undefined ? [] : requireList(given, 'p').map((one, i) => probabilityOf(one, `p[${i}]`));
  let ranking: readonly number[] = [];
  let probabilities: readonly number[] = [];
  if (line['a'] !== undefined) {
    const ids = requireList(line['a'], 'a');
    // Ids count from 1, but there are writers that count from 0: a 0 gives them away.
    const order = actionsOf(ids, 'a', ids.includes(0) ? 0 : 1, actions.length);
    if (p.length > 0 && p.length !== order.length) {
      refuse(`a has ${order.length} actions and p ${p.length} probabilities; they must be of one length`);
    }
    const head = isLabel && chosen !== null ? order.indexOf(chosen) : 0;
    if (head < 0) refuse(`the label is for action ${chosen} (from 0), which a does not have`);
    ranking = chosenFirst(order, head);
    probabilities = p.length === 0 ? [] : chosenFirst(p, head);
  } else if (isLabel && chosen !== null) ranking = [chosen];
  if (isLabel && ranking.length === 0) refuse('the label names no action');
  return {
    id: '',
    features: {},
    included: null,
    ranking,
    probabilities,
    probability: isLabel ? probability : null,
    cost: isLabel ? cost : null,
    originalCost: optionalNumber(line['_original_label_cost'], '_original_label_cost'),
    observations: line['o'] === undefined ? [] : requireList(line['o'], 'o'),
  };
}

/** Some writers leave `a` in the order of the actions: what the label is for goes to the front, and its probability with it. */
function chosenFirst(list: readonly number[], head: number): readonly number[] {
  return head === 0 ? list : [list[head], ...list.slice(0, head), ...list.slice(head + 1)];
}

function slotOf(
  slot: JsonObject,
  outcome: JsonObject | undefined,
  index: number,
  actions: readonly JsonObject[],
  isSlates: boolean,
): BanditSlot {
  const name = `_slots[${index}]`;
  const own = isSlates ? ownActions(actions, index) : actions.map((_, i) => i);
  const included = slot['_inc'] === undefined ? null : actionsOf(slot['_inc'], `${name}._inc`, 0, actions.length);
  const nothing = {
    id: idOf(slot['_id'], `${name}._id`),
    features: without(slot, SLOT_KEYS),
    included: isSlates ? own : included,
    ranking: [],
    probabilities: [],
    probability: null,
    cost: null,
    originalCost: null,
    observations: [],
  };
  if (outcome === undefined) return nothing;
  const at = `_outcomes[${index}]`;
  const local = outcome['_a'] === undefined ? [] : actionsOf(outcome['_a'], `${at}._a`, 0, own.length);
  const probabilities =
    outcome['_p'] === undefined
      ? []
      : requireList(outcome['_p'], `${at}._p`).map((p, i) => probabilityOf(p, `${at}._p[${i}]`));
  if (probabilities.length > local.length) {
    refuse(`${at} has ${local.length} actions and ${probabilities.length} probabilities`);
  }
  if (local.length > 0 && probabilities.length === 0) refuse(`${at} has an action and no probability`);
  const ranking = local.map((i) => own[i]);
  const cost = isSlates ? null : optionalNumber(outcome['_label_cost'], `${at}._label_cost`);
  const isLabel = ranking.length > 0 && probabilities[0] > 0 && (isSlates || cost !== null);
  return {
    ...nothing,
    id: outcome['_id'] === undefined ? nothing.id : idOf(outcome['_id'], `${at}._id`),
    ranking,
    probabilities,
    probability: isLabel ? probabilities[0] : null,
    cost: isLabel ? cost : null,
    originalCost: optionalNumber(outcome['_original_label_cost'], `${at}._original_label_cost`),
    observations: outcome['_o'] === undefined ? [] : requireList(outcome['_o'], `${at}._o`),
  };
}

/** Of slates: the actions of a slot, in their order. */
function ownActions(actions: readonly JsonObject[], slot: number): readonly number[] {
  const own: number[] = [];
  for (const [i, action] of actions.entries()) {
    const id = action['_slot_id'];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) refuse(`_multi[${i}] has no _slot_id`);
    if (id === slot) own.push(i);
  }
  return own;
}

/**
 * The event as a line of decision-service JSON, without the line's end. `parseDsjson` gives the same event back: numbers
 * are written as the shortest decimals that are the same doubles.
 */
export function dsjsonLine(event: BanditEvent): string {
  const context: Record<string, unknown> = { ...event.shared, _multi: event.actions };
  const head = {
    ...(event.skipLearn ? { _skipLearn: true } : {}),
    ...(event.timestamp === '' ? {} : { Timestamp: event.timestamp }),
    Version: VERSION,
    ...(event.eventId === '' ? {} : { EventId: event.eventId }),
  };
  const tail = { ...(event.dropped === 0 ? {} : { pdrop: event.dropped }), ...event.rest };
  if (event.kind === 'cb') return JSON.stringify({ ...cbLabel(event.slots[0]), ...head, c: context, ...tail });
  context['_slots'] = event.slots.map((slot) => ({
    ...(slot.id === '' ? {} : { _id: slot.id }),
    ...slot.features,
    ...(slot.included === null || event.kind === 'slates' ? {} : { _inc: slot.included }),
  }));
  const isLogged = event.slots.some(({ ranking, observations }) => ranking.length > 0 || observations.length > 0);
  return JSON.stringify({
    ...(event.globalCost === null ? {} : { _label_cost: event.globalCost }),
    ...head,
    c: context,
    ...(isLogged ? { _outcomes: event.slots.map((slot) => outcomeOf(event, slot)) } : {}),
    ...tail,
  });
}

function cbLabel(slot: BanditSlot): JsonObject {
  return {
    ...(slot.cost === null || slot.probability === null
      ? {}
      : {
          _label_cost: slot.cost,
          _label_probability: slot.probability,
          _label_Action: slot.ranking[0] + 1,
          _labelIndex: slot.ranking[0],
        }),
    ...(slot.observations.length === 0 ? {} : { o: slot.observations }),
    ...(slot.originalCost === null ? {} : { _original_label_cost: slot.originalCost }),
    ...(slot.ranking.length === 0 ? {} : { a: slot.ranking.map((action) => action + 1) }),
    ...(slot.probabilities.length === 0 ? {} : { p: slot.probabilities }),
  };
}

function outcomeOf(event: BanditEvent, slot: BanditSlot): JsonObject {
  const local = (action: number): number =>
    event.kind === 'slates' && slot.included !== null ? slot.included.indexOf(action) : action;
  return {
    ...(slot.cost === null ? {} : { _label_cost: slot.cost }),
    ...(slot.id === '' ? {} : { _id: slot.id }),
    ...(slot.ranking.length === 0 ? {} : { _a: slot.ranking.map(local), _p: slot.probabilities }),
    _o: slot.observations,
    ...(slot.originalCost === null ? {} : { _original_label_cost: slot.originalCost }),
  };
}
