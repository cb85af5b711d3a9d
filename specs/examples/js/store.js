// What a program holds: verified messages in memory, the logs among them, and what was withdrawn.
import { compare, hex } from './bytes.js';
import { encode } from './encoding.js';
import { CONTROL, passes } from './frames.js';
import { AUTHORISED, Logs } from './logs.js';
import { isControl } from './messages.js';

const [IDENTITY, RETRACT] = [0, 1];

export class Store {
  messages = new Map();
  logs = new Logs(this.messages);
  withdrawn = new Map();

  /** Takes in a message that receive() has passed, and one that came whole in place of its header alone (ME-11). */
  add(message) {
    const name = hex(message.id);
    if (this.messages.get(name)?.body) return;
    this.messages.set(name, message);
    this.logs.note(message);
    if (message.header.kind === RETRACT) this.#withdraw(message);
    if (message.header.kind === IDENTITY) [...this.withdrawn.keys()].forEach((target) => this.#erase(target));
    this.#erase(name);
  }

  get = (id) => this.messages.get(hex(id));

  /** EG-13: [device, seq, id] of the last message of each device of these authors. */
  heads(authors, filter) {
    const last = new Map();
    for (const { id, header } of [...this.messages.values()].filter(this.isAuthorised)) {
      const isAsked = header.kind !== IDENTITY && passes({ kept: filter?.kept, authors }, header);
      const [, seq, before] = last.get(hex(header.device)) ?? [null, 0, id];
      const isLater = header.seq > seq || (header.seq === seq && compare(id, before) > 0);
      if (isAsked && isLater) last.set(hex(header.device), [header.device, header.seq, id]);
    }
    return [...last.values()];
  }

  isAuthorised = (message) => this.logs.standing(message) === AUTHORISED;

  /** KI-18: it holds also when the target comes later, and is remembered by author. */
  #withdraw(retraction) {
    for (const target of retraction.said?.content[0] ?? []) {
      const name = hex(target);
      this.withdrawn.set(name, [...(this.withdrawn.get(name) ?? []), retraction]);
      this.#erase(name);
    }
  }

  /** KI-19: header and signature stay, the body goes. */
  #erase(name) {
    const target = this.messages.get(name);
    if (target && target.body !== null && this.#isWithdrawn(name, target.header)) {
      const data = encode([target.headerBytes, target.signature, null]);
      this.messages.set(name, { ...target, body: null, said: null, data });
    }
  }

  #isWithdrawn(name, { author, kind }) {
    const isSameAuthor = (retraction) => retraction.header.author.equals(author) && this.isAuthorised(retraction);
    return kind > RETRACT && (this.withdrawn.get(name) ?? []).some(isSameAuthor);
  }

  /** SY-2 and SY-7: a tier of a filter, narrowed to `authors`, in order. */
  tier(filter, authors, tier, since = 0, until = 0) {
    const wanted = { ...filter, authors };
    const inWindow = ({ ts }) => ts >= since && (until === 0 || ts < until);
    return [...this.messages.values()]
      .filter((message) => this.isAuthorised(message) && passes(wanted, message.header))
      .filter(({ header }) => (isControl(header.kind) ? tier === CONTROL : tier !== CONTROL && inWindow(header)))
      .sort((a, b) => a.header.ts - b.header.ts || compare(a.id, b.id));
  }
}

/** As the items of a reconciliation. */
export const asItems = (messages) => messages.map(({ id, header }) => ({ ts: header.ts, id }));
