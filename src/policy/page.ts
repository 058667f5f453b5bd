/**
 * The autoregressive page. A page is one draw, top down: at page rank r a shelf, given everything already placed (the
 * *prefix*), then its cards one by one. `step` says what may be chosen next and with which probability; the sampler and
 * `logProbability` both walk it, so that what is logged is what was drawn from.
 *
 * Masks come before each draw and nothing is dropped or redrawn after it:
 *  - an item counts once on a page: what stands higher is masked below;
 *  - a row in a defined order *holds* cards from the start, unless it says that it does not (`holds: 0`): a carried row all
 *    of its cards, another its first `max(1, minCards)`, or as many as it says. They are masked for every other shelf, and the row is sure of a place: where only as many ranks are
 *    left as rows that hold cards, every other shelf is masked;
 *  - cards of one creator are capped per row, but for carried rows, and per page, but for rows in a defined order;
 *  - a shelf is eligible where it could place at least `max(1, minCards)` cards;
 *  - a pinned shelf is forced at its rank where it is eligible there, and masked where any shelf that is not pinned is
 *    eligible; where none is, the page would be too short for its rank: then the eligible pin of the lowest rank is forced,
 *    and the pins slide up;
 *  - the page ends at `shelfLimit` rows, or where no shelf is eligible.
 *
 * What rows hold depends on the problem alone, so that a step is still a function of problem and prefix. Carried rows hold
 * first, then the others, each in the order of the shelves: cards that respect the row's cap and that no row before it
 * holds. A row that would hold does not where these are fewer than it needs (it is then never eligible), where it is pinned beyond
 * `shelfLimit`, or where as many rows hold before it as a page has. A row that holds stands on every page, a pinned one at
 * its rank or higher, led by these cards in their order: no other row takes them, so it stays eligible, and there are never
 * more such rows than ranks left. What such a row says of a listener (played last, played most) thus shows on the next
 * page, wherever its place is drawn and whatever is drawn above it.
 *
 * **The page's cap binds what is drawn.** It keeps a policy from filling a page with one creator. A row in a defined order
 * states a fact, which is no less true when the creator has other cards, and a cap that takes what was just played out of
 * *Recently played* makes the row a lie. So such a row yields no card, and a page may have more cards of a creator than the
 * cap where defined rows bring it there. Its cards count against drawn rows all the same (those that it holds from the
 * start, the others from where they stand): who sees a creator there needs fewer of it further down, and a drawn row has
 * other cards to show.
 *
 * **How many cards a row can place does not depend on which are drawn.** The sets of unmasked cards that respect the
 * caps are the independent sets of a partition matroid: each creator c is a block with capacity
 * L_c = min(row cap, page cap - cards of c above or held), at least 0, each card without a creator a block of its own. All maximal
 * independent sets of a matroid have the same size, here Σ_c min(n_c, L_c) with n_c the unmasked cards of c; so has its
 * truncation to `maxCards`. A card masked within the row is either placed or in a full block, so whatever is drawn, the
 * row can be continued exactly until min(maxCards, Σ_c min(n_c, L_c)) cards stand. Eligibility is thus known before the
 * first card is drawn, and no row ends short by bad luck. (In a defined order nothing is drawn, and L_c is the row's cap.)
 *
 * A shelf's value before its cards are drawn is V_s = Σ_j θ_j x (score of the j-th best card that respects the masks);
 * for a defined shelf, of the j-th card that would really be placed. Where infinities of both signs meet, V_s is -∞.
 *
 * `forced` is what was declared forced (a pin, the cards of a defined row). A draw among one action is not forced; its
 * probability comes out as 1.
 *
 * Longer than a file should be: sampler and probability walk one `step`, and its masks share the arrays of one page.
 */
import { ShelfwiseError } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import { ScoreOrder } from './order.ts';
import { PageEvidence } from './page-evidence.ts';
import type { Composition, Policy, StepContext } from './policy.ts';
import { type PageProblem, requireProblem, type Step } from './problem.ts';
import { SmallIds } from './small-ids.ts';

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

  /** Of items and creators. */
  readonly #ids = new SmallIds();
  /** By id: 1 when the item is on the page, or held for it. */
  #placed = new Uint8Array(0);
  /** By id: the shelf that holds the item, or -1. */
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
  /** Rows that hold cards and are not on the page yet: never more than the ranks that are left. */
  #owed = 0;
  /** Are as many rows owed as ranks are left? */
  #onlyOwed = false;
  // By shelf: what it could place when last appraised, and its value. Appraised anew when #dirty has its bit.
  #lengthOf = new Int32Array(0);
  #valueOf = new Float64Array(0);
  #dirty = 0;
  /** The candidates that the shelf appraised last would place, in their order. */
  #appraised = new Int32Array(0);
  readonly #evidence = new PageEvidence();

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

  /** The candidates placed so far, in page order. */
  #placedAt = new Int32Array(0);
  #placedCount = 0;
  #pageNumber = 0;
  /** What a composition looks at; written when there is one. */
  readonly #context: Mutable<StepContext> = {
    problem: this.#problem,
    step: this.#due,
    placedCount: 0,
    placedShelves: new Int32Array(0),
    placedCards: new Int32Array(0),
    pageNumber: 0,
  };
  /** The values of the step as a composition has them. */
  #rescored = new Float64Array(0);

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
    this.#owed = 0;
    for (let s = 0; s < shelves.length; s++) this.#held[s] = shelves[s].carried ? this.#hold(s) : 0;
    for (let s = 0; s < shelves.length; s++) if (!shelves[s].carried) this.#held[s] = this.#hold(s);
    this.#dirty = -1;
    this.#evidence.begin(problem);
    this.#placedCount = 0;
    this.#pageNumber++;
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
      this.#placedAt = new Int32Array(room);
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
      this.#appraised = new Int32Array(room);
      this.#rescored = new Float64Array(room);
    }
    this.#ids.begin(2 * total);
    if (this.#row > 2 ** 30) {
      this.#rowStamp.fill(0);
      this.#row = 0;
    }
  }

  /** The small id of an item or creator on this page. */
  #idFor(number: number): number {
    const known = this.#ids.count;
    const id = this.#ids.of(number);
    if (id < known) return id;
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

  /** Takes the cards that a row holds out of all others' reach, before the first step; returns how many they are. */
  #hold(s: number): number {
    const { order, holds, carried, pinnedRank, minCards, maxCards } = this.#problem.shelves[s];
    const { shelfLimit } = this.#problem;
    if (order === 'policy' || (holds === 0 && !carried) || pinnedRank >= shelfLimit || this.#owed === shelfLimit)
      return 0;
    const least = Math.max(1, minCards);
    const most = carried ? maxCards : Math.min(maxCards, Math.max(least, holds ?? 0));
    const mostInRow = this.#rowCapOf(s);
    const end = this.#start[s + 1];
    this.#row++;
    let held = 0;
    for (let at = this.#start[s]; at < end && held < most; at++) {
      if (this.#placed[this.#item[at]] !== 0) continue;
      const creator = this.#creator[at];
      if (creator >= 0) {
        if (this.#countInRow(creator) >= mostInRow) continue;
        this.#addToRow(creator);
      }
      this.#liveAt[held++] = at;
    }
    if (held < least) return 0;
    for (let k = 0; k < held; k++) {
      const at = this.#liveAt[k];
      this.#placed[this.#item[at]] = 1;
      this.#holder[this.#item[at]] = s;
      if (this.#creator[at] >= 0) this.#onPage[this.#creator[at]]++;
    }
    this.#owed++;
    return held;
  }

  #rowCapOf(s: number): number {
    return this.#problem.shelves[s].carried ? Number.POSITIVE_INFINITY : this.#problem.creatorCapPerRow;
  }

  /** Cards of a creator in the row that is being filled. */
  #countInRow(creator: number): number {
    return this.#rowStamp[creator] === this.#row ? this.#inRow[creator] : 0;
  }

  #addToRow(creator: number): number {
    const count = this.#countInRow(creator) + 1;
    this.#rowStamp[creator] = this.#row;
    this.#inRow[creator] = count;
    return count;
  }

  /** Works out how many cards shelf s could place now, and V_s. */
  #appraise(s: number): void {
    const { creatorCapPerPage, examinationByCard, shelves } = this.#problem;
    const mostInRow = this.#rowCapOf(s);
    const mostOnPage = shelves[s].order === 'policy' ? creatorCapPerPage : Number.POSITIVE_INFINITY;
    const items = this.#item;
    const creators = this.#creator;
    const placed = this.#placed;
    const holder = this.#holder;
    const inRow = this.#inRow;
    const rowStamp = this.#rowStamp;
    const onPage = this.#onPage;
    const scores = this.#score;
    const appraised = this.#appraised;
    const isEvident = this.#evidence.isCarried;
    const row = ++this.#row;
    const end = this.#start[s + 1];
    const most = shelves[s].maxCards;
    let length = 0;
    let value = 0;
    for (let at = this.#start[s]; at < end && length < most; at++) {
      if (placed[items[at]] !== 0 && holder[items[at]] !== s) continue;
      const creator = creators[at];
      if (creator >= 0) {
        const used = rowStamp[creator] === row ? inRow[creator] : 0;
        if (used >= mostInRow || used + onPage[creator] >= mostOnPage) continue;
        rowStamp[creator] = row;
        inRow[creator] = used + 1;
      }
      if (isEvident) appraised[length] = at;
      const examined = examinationByCard[length++];
      if (examined > 0) value += examined * scores[at];
    }
    this.#lengthOf[s] = length;
    this.#valueOf[s] = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
    if (isEvident) this.#evidence.appraise(s, appraised, length, this.#index);
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
    this.#onlyOwed = this.#problem.shelfLimit - pageRank === this.#owed;
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
    if (this.#used[s] !== 0 || length === 0 || length < this.#problem.shelves[s].minCards) return false;
    return !this.#onlyOwed || this.#held[s] > 0;
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

  /** Is this candidate of the defined row being filled masked: placed, held by another, or its creator at the row's cap? */
  #masked(at: number): boolean {
    const item = this.#item[at];
    if (this.#placed[item] !== 0 && this.#holder[item] !== this.#due.shelf) return true;
    const creator = this.#creator[at];
    return creator >= 0 && this.#countInRow(creator) >= this.#rowCapOf(this.#due.shelf);
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
    if (this.#held[s] > 0) this.#owed--;
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
    const { creatorCapPerRow, creatorCapPerPage } = this.#problem;
    const at = this.#liveAt[position];
    this.#placedAt[this.#placedCount++] = at;
    const item = this.#item[at];
    const creator = this.#creator[at];
    let full = false;
    if (creator >= 0) full = this.#addToRow(creator) >= creatorCapPerRow;
    // What the row holds counts for the page since it began.
    if (this.#holder[item] !== due.shelf) {
      this.#placed[item] = 1;
      this.#dirty |= this.#shelvesOf[item];
      if (creator >= 0) {
        const onPage = ++this.#onPage[creator];
        full ||= onPage >= creatorCapPerPage;
        // From here on the page leaves the creator less than a row would.
        if (onPage + creatorCapPerRow > creatorCapPerPage) this.#dirty |= this.#shelvesOf[creator];
      }
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
    const due = this.#due;
    const out = due.probabilities;
    const { composition, luce } = policy;
    const values = composition === undefined ? due.values : this.#rescore(composition, n);
    const hasWeights = due.kind === 'card' && luce !== undefined && values === due.values;
    if (!(hasWeights && this.#distributeByWeight(policy, luce, n))) this.#ask(policy, values, n);
    else if (composition === undefined) return;
    composition?.reshape?.(this.#context, out);
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

  #ask(policy: Policy, values: Float64Array, n: number): void {
    const due = this.#due;
    const evidence = this.#evidence.of(due, policy);
    if (due.kind === 'card') policy.card(values, n, due.probabilities, evidence);
    else policy.shelf(values, n, due.probabilities, evidence);
  }

  /** Shows the composition what is placed, and returns the values that the policy is given: the step's own, or what it makes of them. */
  #rescore(composition: Composition, n: number): Float64Array {
    const context = this.#context;
    if (context.placedShelves.length < this.#placedAt.length) {
      context.placedShelves = new Int32Array(this.#placedAt.length);
      context.placedCards = new Int32Array(this.#placedAt.length);
    }
    // What was told of this page stands: a prefix only grows.
    let shelf = 0;
    for (let c = context.pageNumber === this.#pageNumber ? context.placedCount : 0; c < this.#placedCount; c++) {
      const at = this.#placedAt[c];
      while (at < this.#start[shelf] || at >= this.#start[shelf + 1]) shelf = at < this.#start[shelf] ? 0 : shelf + 1;
      context.placedShelves[c] = shelf;
      context.placedCards[c] = this.#index[at];
    }
    context.problem = this.#problem;
    context.placedCount = this.#placedCount;
    context.pageNumber = this.#pageNumber;
    if (composition.rescore === undefined) return this.#due.values;
    for (let k = 0; k < n; k++) this.#rescored[k] = this.#due.values[k];
    composition.rescore(context, this.#rescored);
    return this.#rescored;
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
