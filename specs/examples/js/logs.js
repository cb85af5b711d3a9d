// What the entries of an identity log bring about (01-identity.md): which belong to it, its branches, who may speak.
import { compare, equal, hash, hex } from './bytes.js';
import { walk } from './cuts.js';
import { INCEPTION, PUBLISH, ROTATE, UPDATE } from './identity.js';
import { MAX_BRANCHES, MAX_DEVICES, MAX_LATER_ENTRIES, MAX_LOG_ENTRIES } from './limits.js';

export const [AUTHORISED, UNDECIDED, OFF] = ['authorised', 'undecided', 'off'];

const byPlace = (a, b) => a.index - b.index || compare(a.id, b.id);
const same = (a, b) => (a === null || b === null ? a === b : equal(a, b));
const sameEpoch = (a, b) => same(a.root, b.root) && same(a.next, b.next);
/** Does `opening` commit to the key that signed `rotate`? */
const commits = (opening, rotate) => same(opening.next, rotate.commitment);

/** The log of one author, made of all entries that are held, in whatever order they came. */
class Log {
  /** `entries` are messages of kind 0 with what they say; `held` finds a message by its id. */
  constructor(author, entries, held) {
    Object.assign(this, { author, held });
    this.entries = entries.map(({ id, header, said }) => ({
      id,
      signer: header.device,
      commitment: hash('next', header.device),
      ...said,
    }));
    this.byId = new Map(this.entries.map((entry) => [hex(entry.id), entry]));
    this.openings = this.#openings();
    this.joined = this.#joined();
    this.#belonging();
    this.branches = this.of(INCEPTION).flatMap((inception) => this.#branches(inception, []));
  }

  of = (operation) => this.entries.filter((entry) => entry.operation === operation);

  #previous = ({ previous, index }) => {
    const found = previous && this.byId.get(hex(previous));
    return found && found.index === index - 1 ? found : null;
  };

  // What belongs to the log (ID-19)

  /** Inceptions, and rotates by a key that an opening commits to. */
  #openings() {
    const openings = new Set(this.of(INCEPTION));
    for (let size = -1; size !== openings.size; ) {
      size = openings.size;
      const isNext = (rotate) => [...openings].some((opening) => commits(opening, rotate));
      this.of(ROTATE).filter(isNext).forEach((rotate) => openings.add(rotate));
    }
    return openings;
  }

  /** For each opening the rotates that are joined to it, with the updates between (ID-20). */
  #joined() {
    const joined = new Map([...this.openings].map((opening) => [opening, []]));
    for (const rotate of this.of(ROTATE)) {
      const updates = [];
      let entry = this.#previous(rotate);
      for (; entry?.operation === UPDATE; entry = this.#previous(entry)) updates.unshift(entry);
      const isCommitted = this.openings.has(entry) && commits(entry, rotate);
      if (isCommitted && updates.every((each) => sameEpoch(each, entry))) joined.get(entry).push({ rotate, updates });
    }
    return joined;
  }

  #belonging() {
    const byKeys = new Set([...this.openings, ...this.#followed()]);
    const isTooMuch = byKeys.size > MAX_LOG_ENTRIES + 1;
    const all = isTooMuch ? this.#takenInTurn() : new Set([...byKeys, ...this.#tails().sort(byPlace)]);
    const counted = [...all].slice(0, MAX_LOG_ENTRIES + 1);
    this.isTooLong = counted.length > MAX_LOG_ENTRIES;
    this.belong = new Set([...counted, ...this.#later(counted)]);
  }

  /** Where points 1 to 3 give too many: each time the lowest id among those that the ones before let in. */
  #takenInTurn() {
    const [taken, letIn, waiting] = [new Set(), new Set(this.of(INCEPTION)), new Set()];
    while (letIn.size > 0 && taken.size <= MAX_LOG_ENTRIES) {
      const [one] = [...letIn].sort((a, b) => compare(a.id, b.id));
      letIn.delete(one);
      taken.add(one);
      this.#ledTo(one).filter((other) => !taken.has(other)).forEach((other) => waiting.add(other));
      const openings = [...taken].filter(({ operation }) => operation !== UPDATE);
      const isFree = (other) => other.operation === ROTATE || openings.some((opening) => sameEpoch(opening, other));
      for (const other of [...waiting].filter(isFree)) {
        waiting.delete(other);
        letIn.add(other);
      }
    }
    return taken;
  }

  /** The rotates that an opening commits to, and the update behind a rotate or an update. */
  #ledTo(one) {
    const rotates = one.operation === UPDATE ? [] : this.of(ROTATE).filter((rotate) => commits(one, rotate));
    const before = this.#previous(one);
    const wanted = one.operation === ROTATE ? one.commitment : one.next;
    return before?.operation === UPDATE && same(before.next, wanted) ? [...rotates, before] : rotates;
  }

  /** Point 3: the updates that a rotate pulls in. */
  #followed() {
    const openings = [...this.openings];
    return openings.filter(({ operation }) => operation === ROTATE).flatMap((rotate) => {
      const updates = [];
      const isOfEpoch = (entry) => commits(entry, rotate) && openings.some((each) => sameEpoch(each, entry));
      const isPulled = (entry) => entry?.operation === UPDATE && isOfEpoch(entry);
      for (let entry = this.#previous(rotate); isPulled(entry); entry = this.#previous(entry)) updates.push(entry);
      return updates;
    });
  }

  /** Point 4. */
  #tails() {
    const ends = [...this.openings].filter((opening) => this.joined.get(opening).length === 0);
    return ends.flatMap((opening) => this.#tail(opening));
  }

  /** ID-21: the updates after `opening`, at each step the one of the lowest id. */
  #tail(opening) {
    const updates = this.of(UPDATE).filter((update) => sameEpoch(update, opening)).sort(byPlace);
    const tail = [];
    for (let last = opening; last; ) {
      const end = last;
      last = updates.find((update) => update.index === end.index + 1 && equal(update.previous, end.id));
      if (last) tail.push(last);
    }
    return tail;
  }

  /** Point 5: operations of a later revision. */
  #later(counted) {
    const openings = counted.filter(({ operation }) => operation !== UPDATE);
    const isKnown = (entry) => openings.some((opening) => same(opening.root, entry.signer) || commits(opening, entry));
    const later = this.entries.filter(({ operation }) => operation > ROTATE).filter(isKnown);
    return later.sort((a, b) => compare(a.id, b.id)).slice(0, MAX_LATER_ENTRIES);
  }

  // Branches (ID-22) and their devices (ID-23)

  #branches(opening, before) {
    const path = [...before, opening];
    const joined = this.joined.get(opening);
    const followed = joined.flatMap(({ rotate, updates }) => this.#branches(rotate, [...path, ...updates]));
    if (followed.length > 0) return followed;
    return [{ isOpen: opening.next !== null, entries: [...path, ...this.#tail(opening)], walks: new Map() }];
  }

  /** The open branches, none if the author has left (ID-24). */
  get open() {
    const open = this.branches.filter(({ isOpen }) => isOpen);
    return this.isTooLong || open.length > MAX_BRANCHES ? [] : open;
  }

  devices(branch) {
    branch.devices ??= devicesOf(branch.entries, this.author);
    return branch.devices;
  }

  forgetWalks() {
    for (const branch of this.branches) branch.walks = new Map();
  }

  // Who may speak (ID-13, ID-27)

  standing({ id, header }) {
    if (header.kind === 0) return this.belong.has(this.byId.get(hex(id))) ? AUTHORISED : OFF;
    const standings = this.open.map((branch) => this.#standingOn(branch, id, header));
    return [AUTHORISED, UNDECIDED].find((standing) => standings.includes(standing)) ?? OFF;
  }

  #standingOn(branch, id, { device, seq }) {
    const { live, removed } = this.devices(branch);
    const name = hex(device);
    if (live.has(name)) return (live.get(name) & PUBLISH) !== 0 ? AUTHORISED : OFF;
    if (!removed.has(name)) return OFF;
    if (!branch.walks.has(name)) branch.walks.set(name, walk(removed.get(name), this.author, device, this.held));
    const { reached, isOpenAt } = branch.walks.get(name);
    if (reached.get(seq)?.some((each) => equal(each, id))) return AUTHORISED;
    return isOpenAt(seq) ? UNDECIDED : OFF;
  }
}

/** Live devices with their capabilities, and removed ones with their cuts, by key. */
function devicesOf(entries, author) {
  const [keys, live, removed] = [new Set([hex(author)]), new Map(), new Map()];
  const remove = (name, cut) => {
    live.delete(name);
    removed.set(name, cut);
  };
  const open = ({ signer, root, devices }) => {
    const named = new Set(devices.map(([device]) => hex(device)));
    for (const name of [...live.keys()].filter((each) => !named.has(each))) remove(name, []);
    for (const name of [signer, root].map(hex)) {
      keys.add(name);
      live.delete(name);
      removed.delete(name);
    }
  };
  const add = (name, capabilities) => {
    const isNew = !live.has(name) && !removed.has(name) && !keys.has(name);
    if (isNew && live.size < MAX_DEVICES) live.set(name, capabilities);
  };
  for (const entry of entries) {
    if (entry.operation !== UPDATE) open(entry);
    entry.removals.filter(([device]) => !keys.has(hex(device))).forEach(([device, cut]) => remove(hex(device), cut));
    entry.devices.forEach(([device, capabilities]) => add(hex(device), capabilities));
  }
  return { live, removed };
}

/** The logs in a map of messages by id, which are looked at anew when one of an author's comes. */
export class Logs {
  #logs = new Map();

  constructor(messages) {
    this.messages = messages;
  }

  /** To be told of each message that was put in: an entry makes a log anew, another may be a missing link (ID-27). */
  note({ header }) {
    const name = hex(header.author);
    if (header.kind === 0) this.#logs.delete(name);
    else this.#logs.get(name)?.forgetWalks();
  }

  of(author) {
    const name = hex(author);
    if (!this.#logs.has(name)) {
      const isEntry = ({ header }) => header.kind === 0 && equal(header.author, author);
      const entries = [...this.messages.values()].filter(isEntry);
      this.#logs.set(name, new Log(author, entries, (id) => this.messages.get(hex(id))));
    }
    return this.#logs.get(name);
  }

  standing = (message) => this.of(message.header.author).standing(message);

  isContested = (author) => this.of(author).open.length > 1;

  /** May this device publish for the author? */
  allows(author, device) {
    const log = this.of(author);
    return log.open.some((branch) => ((log.devices(branch).live.get(hex(device)) ?? 0) & PUBLISH) !== 0);
  }
}
