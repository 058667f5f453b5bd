/**
 * The autoregressive page. A page is one draw, top down: at page rank r a shelf, given everything already placed (the
 * *prefix*), then its cards one by one. `step` says what may be chosen next and with which probability; the sampler and
 * `logProbability` both walk it, so that what is logged is what was drawn from.
 *
 * Masks come before each draw and nothing is dropped or redrawn after it:
 *  - an item counts once on a page: what stands higher is masked below;
 *  - cards of one creator are capped per row and per page;
 *  - a carried row holds its cards from the start: they are masked for every other shelf, and count against the page's
 *    caps of their creators wherever on the page they stand; the caps never take a card from the row itself;
 *  - a shelf is eligible where it could place at least `max(1, minCards)` cards;
 *  - a pinned shelf is forced at its rank where it is eligible there, and masked where any shelf that is not pinned is
 *    eligible; where none is, the page would be too short for its rank: then the eligible pin of the lowest rank is forced,
 *    and the pins slide up;
 *  - the page ends at `shelfLimit` rows, or where no shelf is eligible.
 *
 * What carried rows hold depends on the problem alone, so that a step is still a function of problem and prefix. A carried
 * row holds its first `maxCards` cards that no carried row listed before it holds, where it is pinned below `shelfLimit` and
 * they are as many as it needs; such a row stands on every page, with exactly these cards. (It does: it stays eligible, so
 * the page does not end before its rank.) A carried row that cannot hold is as any row in a defined order.
 *
 * **How many cards a row can place does not depend on which are drawn.** The sets of unmasked cards that respect the
 * caps are the independent sets of a partition matroid: each creator c is a block with capacity
 * L_c = min(row cap, page cap - cards of c above or held), each card without a creator a block of its own. All maximal
 * independent sets of a matroid have the same size, here Σ_c min(n_c, L_c) with n_c the unmasked cards of c; so has its
 * truncation to `maxCards`. A card masked within the row is either placed or in a full block, so whatever is drawn, the
 * row can be continued exactly until min(maxCards, Σ_c min(n_c, L_c)) cards stand. Eligibility is thus known before the
 * first card is drawn, and no row ends short by bad luck.
 *
 * A shelf's value before its cards are drawn is V_s = Σ_j θ_j x (score of the j-th best card that respects the masks);
 * for a defined shelf, of the j-th card that would really be placed. Where infinities of both signs meet, V_s is -∞.
 *
 * `forced` is what was declared forced (a pin, the cards of a defined row). A draw among one action is not forced; its
 * probability comes out as 1.
 */
import { ShelfwiseError } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import { ScoreOrder } from './order.ts';
import type { Policy } from './policies.ts';
import { type PageProblem, requireProblem, type Step } from './problem.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Below this mass the shared shift of a row has lost its precision; the step is then computed afresh. */
const LEAST_MASS = 1e-100;
/** How far from 1 the sum of a policy's distribution may be before it counts as wrong rather than rounded. */
const SUM_TOLERANCE = 1e-9;

/**
 * A problem together with a prefix that grows. Buffers are reused from page to page: in steady state a step allocates
 * nothing. One walker serves one page at a time.
 */
export class Walker {
  #problem: PageProblem = {
    shelves: [],
    shelfLimit: 0,
    creatorCapPerRow: 1,
    creatorCapPerPage: 1,
    examinationByCard: new Float64Array(0),
  };
  #policyOfWeights: Policy | undefined;

  // Numbers of items and creators become small ids, in order of first sight, by a hash table with open addressing. A slot
  // is two words, number and entry, and taken when its entry is at least #idBase; the base moves on with every page, so
  // that nothing needs clearing.
  #slots = new Uint32Array(0);
  #slotShift = 31;
  #idBase = 1;
  #idEnd = 1;
  #ids = 0;
  /** By id: 1 when the item is on the page, or held for it. */
  #placed = new Uint8Array(0);
  /** By id: the carried shelf that holds the item, or -1. */
  #holder = new Int32Array(0);
  /** By id: cards of the creator on the page or held for it, its row being filled included. */
  #onPage = new Int32Array(0);
  /** By id: cards of the creator in the row that #rowStamp names. */
  #inRow = new Int32Array(0);
  #rowStamp = new Int32Array(0);
  #row = 0;
  /** By id: the last shelf in which the item was seen, to find doubles. */
  #seenIn = new Int32Array(0);
  /** By id: bit s & 31 for every shelf s that holds the item, or cards of the creator. */
  #shelvesOf = new Int32Array(0);

  // Candidates of all shelves, shelf by shelf: highest score first, or as given where the order is defined.
  #start = new Int32Array(1);
  #index = new Int32Array(0);
  #item = new Int32Array(0);
  #creator = new Int32Array(0);
  #label = new Uint32Array(0);
  #score = new Float64Array(0);
  #used = new Uint8Array(0);

  // The row being filled. The actions of #due are its unmasked cards; #liveAt says where each stands among the
  // candidates. A placed card gives its position to the last one, so that nothing is copied from step to step.
  #liveAt = new Int32Array(0);
  #liveWeight = new Float64Array(0);
  #liveCount = 0;
  #nextDefined = 0;
  #rowLength = 0;
  #rowShift = 0;
  readonly #scoreOrder = new ScoreOrder();

  /** By shelf: how many cards it holds. */
  #held = new Int32Array(0);
  // By shelf: what it could place when last appraised, and its value. Appraised anew when #dirty has its bit.
  #lengthOf = new Int32Array(0);
  #valueOf = new Float64Array(0);
  #dirty = 0;

  /** The step that is due; its actions stand when #ready. */
  readonly #due: Mutable<Step> = {
    kind: 'shelf',
    pageRank: 0,
    shelf: -1,
    cardRank: -1,
    count: 0,
    forced: false,
    actions: new Int32Array(0),
    probabilities: new Float64Array(0),
    values: new Float64Array(0),
    labels: new Uint32Array(0),
  };
  #ready = false;

  /**
   * Starts an empty page. Throws `OPTION_INVALID` for a NaN score, an item doubled within a shelf, pins that share a
   * rank, and whatever else `PageProblem` forbids.
   */
  begin(problem: PageProblem): void {
    requireProblem(problem);
    const { shelves } = problem;
    let total = 0;
    let longest = shelves.length;
    for (let s = 0; s < shelves.length; s++) {
      total += shelves[s].count;
      if (shelves[s].count > longest) longest = shelves[s].count;
    }
    this.#reserve(shelves.length, total, longest);
    this.#problem = problem;
    let at = 0;
    for (let s = 0; s < shelves.length; s++) {
      this.#start[s] = at;
      this.#used[s] = 0;
      at = this.#load(s, at);
    }
    this.#start[shelves.length] = at;
    for (let s = 0; s < shelves.length; s++) this.#held[s] = shelves[s].carried ? this.#hold(s) : 0;
    this.#dirty = -1;
    this.#due.pageRank = 0;
    this.#closeRow();
  }

  /** The next step under a policy. May be asked again, also under another policy: the prefix stays. */
  step(policy: Policy): Step {
    this.#prepare();
    const n = this.#due.count;
    if (this.#due.forced || n === 1) this.#due.probabilities[0] = 1;
    else if (n > 1) this.#distribute(policy, n);
    return this.#due;
  }

  /** Places the action at this position of the step, and moves on. */
  place(position: number): void {
    this.#prepare();
    if (!(position >= 0 && position < this.#due.count)) {
      throw new ShelfwiseError('BUG', `position ${position} of a step with ${this.#due.count} actions`);
    }
    const action = this.#due.actions[position];
    this.#ready = false;
    if (this.#due.kind === 'shelf') this.#openRow(action);
    else this.#placeCard(position);
  }

  /** Places this action (a shelf, or the index of a card); false, and nothing is placed, when it is masked here. */
  advance(action: number): boolean {
    this.#prepare();
    const position = this.positionOf(action);
    if (position < 0) return false;
    this.place(position);
    return true;
  }

  /** Where the step that is due lists this action; -1 when it is masked. */
  positionOf(action: number): number {
    this.#prepare();
    const actions = this.#due.actions;
    for (let k = 0; k < this.#due.count; k++) if (actions[k] === action) return k;
    return -1;
  }

  #reserve(shelves: number, total: number, longest: number): void {
    if (this.#start.length < shelves + 1) {
      this.#start = new Int32Array(2 * shelves + 1);
      this.#used = new Uint8Array(2 * shelves + 1);
      this.#held = new Int32Array(2 * shelves + 1);
      this.#lengthOf = new Int32Array(2 * shelves + 1);
      this.#valueOf = new Float64Array(2 * shelves + 1);
    }
    if (this.#index.length < total) {
      const room = 2 * total;
      this.#index = new Int32Array(room);
      this.#item = new Int32Array(room);
      this.#creator = new Int32Array(room);
      this.#label = new Uint32Array(room);
      this.#score = new Float64Array(room);
    }
    if (this.#placed.length < 2 * total) {
      const room = 4 * total;
      this.#placed = new Uint8Array(room);
      this.#holder = new Int32Array(room);
      this.#onPage = new Int32Array(room);
      this.#inRow = new Int32Array(room);
      this.#rowStamp = new Int32Array(room);
      this.#seenIn = new Int32Array(room);
      this.#shelvesOf = new Int32Array(room);
      this.#row = 0;
    }
    if (this.#due.actions.length < longest) {
      const room = 2 * longest;
      this.#liveAt = new Int32Array(room);
      this.#liveWeight = new Float64Array(room);
      this.#due.actions = new Int32Array(room);
      this.#due.probabilities = new Float64Array(room);
      this.#due.values = new Float64Array(room);
      this.#due.labels = new Uint32Array(room);
    }
    // At most 2 x total ids: at least a third of the slots stays free.
    if (this.#slots.length < 6 * total) {
      const bits = Math.max(1, Math.ceil(Math.log2(3 * total)));
      this.#slotShift = 32 - bits;
      this.#slots = new Uint32Array(2 ** (bits + 1));
      this.#idEnd = 1;
    }
    if (this.#idEnd + 2 * total > 0xffffffff) {
      this.#slots.fill(0);
      this.#idEnd = 1;
    }
    this.#idBase = this.#idEnd;
    this.#idEnd = this.#idBase + 2 * total;
    this.#ids = 0;
    if (this.#row > 2 ** 30) {
      this.#rowStamp.fill(0);
      this.#row = 0;
    }
  }

  /** The small id of an item or creator on this page. */
  #idFor(number: number): number {
    const slots = this.#slots;
    const base = this.#idBase;
    let at = (Math.imul(number, 0x9e3779b1) >>> this.#slotShift) << 1;
    while (slots[at + 1] >= base) {
      if (slots[at] === number) return slots[at + 1] - base;
      at = (at + 2) & (slots.length - 1);
    }
    const id = this.#ids++;
    slots[at] = number;
    slots[at + 1] = base + id;
    this.#placed[id] = 0;
    this.#holder[id] = -1;
    this.#onPage[id] = 0;
    this.#shelvesOf[id] = 0;
    this.#seenIn[id] = -1;
    return id;
  }

  /** Takes the candidates of a shelf in, in their order; returns the next free place. */
  #load(s: number, at: number): number {
    const { items, creators, scores, count, order } = this.#problem.shelves[s];
    const seenIn = this.#seenIn;
    const shelvesOf = this.#shelvesOf;
    const index = this.#index;
    const itemIds = this.#item;
    const creatorIds = this.#creator;
    const labels = this.#label;
    const taken = this.#score;
    for (let i = 0; i < count; i++) {
      if (Number.isNaN(scores[i])) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `shelf ${s}: the score of candidate ${i} (item ${items[i]}) is NaN; give it a number, or leave it out`,
        );
      }
    }
    const drawn = order === 'policy';
    if (drawn) this.#scoreOrder.sort(scores, items, count);
    const sorted = this.#scoreOrder.order;
    const bit = 1 << (s & 31);
    for (let k = 0; k < count; k++) {
      const i = drawn ? sorted[k] : k;
      const item = this.#idFor(items[i]);
      if (seenIn[item] === s) {
        throw new ShelfwiseError('OPTION_INVALID', `shelf ${s} lists item ${items[i]} twice; list it once`);
      }
      seenIn[item] = s;
      shelvesOf[item] |= bit;
      index[at] = i;
      itemIds[at] = item;
      const creator = creators[i] === NO_ITEM ? -1 : this.#idFor(creators[i]);
      creatorIds[at] = creator;
      if (creator >= 0) shelvesOf[creator] |= bit;
      labels[at] = items[i];
      taken[at] = scores[i];
      at++;
    }
    return at;
  }

  /** Takes the cards of a carried row out of all others' reach, before the first step; returns how many it holds. */
  #hold(s: number): number {
    const { pinnedRank, minCards, maxCards } = this.#problem.shelves[s];
    if (pinnedRank >= this.#problem.shelfLimit) return 0;
    const start = this.#start[s];
    const end = this.#start[s + 1];
    let free = 0;
    for (let at = start; at < end && free < maxCards; at++) if (this.#placed[this.#item[at]] === 0) free++;
    if (free < Math.max(1, minCards)) return 0;
    let held = 0;
    for (let at = start; held < free; at++) {
      const item = this.#item[at];
      if (this.#placed[item] !== 0) continue;
      this.#placed[item] = 1;
      this.#holder[item] = s;
      if (this.#creator[at] >= 0) this.#onPage[this.#creator[at]]++;
      held++;
    }
    return held;
  }

  /** The value of a carried row: of the cards that it holds. */
  #appraiseHeld(s: number): void {
    const { examinationByCard } = this.#problem;
    let value = 0;
    let length = 0;
    for (let at = this.#start[s]; length < this.#held[s]; at++) {
      if (this.#holder[this.#item[at]] !== s) continue;
      const examined = examinationByCard[length++];
      if (examined > 0) value += examined * this.#score[at];
    }
    this.#lengthOf[s] = length;
    this.#valueOf[s] = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /** Works out how many cards shelf s could place now, and V_s. */
  #appraise(s: number): void {
    if (this.#held[s] > 0) {
      this.#appraiseHeld(s);
      return;
    }
    const { creatorCapPerRow, creatorCapPerPage, examinationByCard, shelves } = this.#problem;
    const items = this.#item;
    const creators = this.#creator;
    const placed = this.#placed;
    const inRow = this.#inRow;
    const rowStamp = this.#rowStamp;
    const onPage = this.#onPage;
    const scores = this.#score;
    const row = ++this.#row;
    const end = this.#start[s + 1];
    const most = shelves[s].maxCards;
    let length = 0;
    let value = 0;
    for (let at = this.#start[s]; at < end && length < most; at++) {
      if (placed[items[at]] !== 0) continue;
      const creator = creators[at];
      if (creator >= 0) {
        const used = rowStamp[creator] === row ? inRow[creator] : 0;
        if (used >= creatorCapPerRow || used + onPage[creator] >= creatorCapPerPage) continue;
        rowStamp[creator] = row;
        inRow[creator] = used + 1;
      }
      const examined = examinationByCard[length++];
      if (examined > 0) value += examined * scores[at];
    }
    this.#lengthOf[s] = length;
    this.#valueOf[s] = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /** Writes the unmasked actions of the step that is due, unless they stand already. */
  #prepare(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#due.count = 0;
    this.#due.forced = false;
    if (this.#due.kind === 'card') this.#listCards();
    else if (this.#due.pageRank < this.#problem.shelfLimit) this.#listShelves();
  }

  #listShelves(): void {
    const { shelves } = this.#problem;
    const { pageRank } = this.#due;
    for (let s = 0; s < shelves.length; s++) {
      if (this.#used[s] === 0 && (this.#dirty & (1 << (s & 31))) !== 0) this.#appraise(s);
    }
    this.#dirty = 0;
    for (let s = 0; s < shelves.length; s++) {
      if (shelves[s].pinnedRank !== pageRank || !this.#eligible(s)) continue;
      this.#offerShelf(s);
      this.#due.forced = true;
      return;
    }
    for (let s = 0; s < shelves.length; s++) {
      if (shelves[s].pinnedRank < 0 && this.#eligible(s)) this.#offerShelf(s);
    }
    if (this.#due.count > 0) return;
    // Nothing is left to draw. A pin whose rank went by is not eligible here either: masks only grow.
    let next = -1;
    for (let s = 0; s < shelves.length; s++) {
      if (!this.#eligible(s)) continue;
      if (next < 0 || shelves[s].pinnedRank < shelves[next].pinnedRank) next = s;
    }
    if (next < 0) return;
    this.#offerShelf(next);
    this.#due.forced = true;
  }

  #eligible(s: number): boolean {
    const length = this.#lengthOf[s];
    return this.#used[s] === 0 && length > 0 && length >= this.#problem.shelves[s].minCards;
  }

  #offerShelf(s: number): void {
    const due = this.#due;
    const k = due.count++;
    due.actions[k] = s;
    due.values[k] = this.#valueOf[s];
    due.labels[k] = this.#problem.shelves[s].key;
  }

  /** The actions of a drawn row stand since it was opened; a defined row offers its next unmasked card. */
  #listCards(): void {
    const due = this.#due;
    due.forced = this.#problem.shelves[due.shelf].order === 'defined';
    due.count = due.forced ? 1 : this.#liveCount;
    if (!due.forced) return;
    let at = this.#nextDefined;
    while (this.#masked(at)) at++;
    this.#nextDefined = at + 1;
    this.#offer(0, at);
  }

  /** Is this candidate of the row being filled masked: placed or held already, or its creator at a cap? */
  #masked(at: number): boolean {
    if (this.#held[this.#due.shelf] > 0) return this.#holder[this.#item[at]] !== this.#due.shelf;
    if (this.#placed[this.#item[at]] !== 0) return true;
    const creator = this.#creator[at];
    return (
      creator >= 0 &&
      (this.#onPage[creator] >= this.#problem.creatorCapPerPage ||
        (this.#rowStamp[creator] === this.#row && this.#inRow[creator] >= this.#problem.creatorCapPerRow))
    );
  }

  #offer(k: number, at: number): void {
    const due = this.#due;
    this.#liveAt[k] = at;
    due.actions[k] = this.#index[at];
    due.values[k] = this.#score[at];
    due.labels[k] = this.#label[at];
  }

  #openRow(s: number): void {
    const due = this.#due;
    this.#used[s] = 1;
    this.#rowLength = this.#lengthOf[s];
    this.#row++;
    due.kind = 'card';
    due.shelf = s;
    due.cardRank = 0;
    if (this.#problem.shelves[s].order === 'defined') {
      this.#nextDefined = this.#start[s];
      return;
    }
    const items = this.#item;
    const creators = this.#creator;
    const placed = this.#placed;
    const onPage = this.#onPage;
    const mostOnPage = this.#problem.creatorCapPerPage;
    const end = this.#start[s + 1];
    let n = 0;
    for (let at = this.#start[s]; at < end; at++) {
      if (placed[items[at]] !== 0) continue;
      const creator = creators[at];
      if (creator < 0 || onPage[creator] < mostOnPage) this.#offer(n++, at);
    }
    this.#liveCount = n;
    this.#rowShift = due.values[0];
    this.#policyOfWeights = undefined;
  }

  #placeCard(position: number): void {
    const due = this.#due;
    if (this.#held[due.shelf] > 0) {
      // It counts since the page began.
      this.#nextCard();
      return;
    }
    const { creatorCapPerRow, creatorCapPerPage } = this.#problem;
    const at = this.#liveAt[position];
    const item = this.#item[at];
    this.#placed[item] = 1;
    this.#dirty |= this.#shelvesOf[item];
    const creator = this.#creator[at];
    let full = false;
    if (creator >= 0) {
      const inRow = this.#rowStamp[creator] === this.#row ? this.#inRow[creator] + 1 : 1;
      this.#rowStamp[creator] = this.#row;
      this.#inRow[creator] = inRow;
      const onPage = ++this.#onPage[creator];
      full = inRow >= creatorCapPerRow || onPage >= creatorCapPerPage;
      // From here on the page leaves the creator less than a row would.
      if (onPage + creatorCapPerRow > creatorCapPerPage) this.#dirty |= this.#shelvesOf[creator];
    }
    if (this.#nextCard() || due.forced) return;
    this.#withdraw(position);
    if (!full) return;
    for (let k = this.#liveCount - 1; k >= 0; k--) if (this.#creator[this.#liveAt[k]] === creator) this.#withdraw(k);
  }

  /** Goes on to the row's next card; true when it has no more and the row is closed. */
  #nextCard(): boolean {
    if (++this.#due.cardRank < this.#rowLength) return false;
    this.#due.pageRank++;
    this.#closeRow();
    return true;
  }

  /** Takes a card out of the row's actions; the last one takes its position. */
  #withdraw(position: number): void {
    const { actions, values, labels } = this.#due;
    const last = --this.#liveCount;
    this.#liveAt[position] = this.#liveAt[last];
    this.#liveWeight[position] = this.#liveWeight[last];
    actions[position] = actions[last];
    values[position] = values[last];
    labels[position] = labels[last];
  }

  #closeRow(): void {
    this.#due.kind = 'shelf';
    this.#due.shelf = -1;
    this.#due.cardRank = -1;
    this.#ready = false;
  }

  #distribute(policy: Policy, n: number): void {
    const out = this.#due.probabilities;
    if (this.#due.kind === 'card' && policy.luce !== undefined && this.#distributeByWeight(policy, policy.luce, n))
      return;
    if (this.#due.kind === 'card') policy.card(this.#due.values, n, out);
    else policy.shelf(this.#due.values, n, out);
    let sum = 0;
    for (let k = 0; k < n; k++) {
      if (!(out[k] >= 0)) throw new ShelfwiseError('POLICY_INVALID', `${policy.id}: probability ${out[k]}`);
      sum += out[k];
    }
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new ShelfwiseError('POLICY_INVALID', `${policy.id}: ${n} probabilities sum to ${sum}`);
    }
    if (sum !== 1) for (let k = 0; k < n; k++) out[k] /= sum;
  }

  /**
   * The distribution over cards from weights that were computed once for the row, relative to its highest score. They
   * are functions of the row's start alone, so that the same prefix gives the same bits however it was reached. False
   * when hardly any mass remains (the high scores are placed): then the policy computes the step on its own.
   */
  #distributeByWeight(policy: Policy, luce: NonNullable<Policy['luce']>, n: number): boolean {
    const weights = this.#liveWeight;
    const out = this.#due.probabilities;
    if (this.#policyOfWeights !== policy) {
      luce.weights(this.#due.values, n, this.#rowShift, weights);
      this.#policyOfWeights = policy;
    }
    let even = 0;
    let odd = 0;
    const pairs = n - 1;
    let k = 0;
    for (; k < pairs; k += 2) {
      even += weights[k];
      odd += weights[k + 1];
    }
    if (k < n) even += weights[k];
    const mass = even + odd;
    if (!(mass >= LEAST_MASS)) return false;
    const share = luce.epsilon / n;
    const scale = (1 - luce.epsilon) / mass;
    for (k = 0; k < n; k++) out[k] = scale * weights[k] + share;
    return true;
  }
}

/** A walker with buffers that grow as pages need them. */
export function createWalker(): Walker {
  return new Walker();
}
