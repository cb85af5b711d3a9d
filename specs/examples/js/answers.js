// What one side answers to the questions of the other: the responder of 08-sync.md.
import { bytes, compare, equal, hex, sha256, splitRun } from './bytes.js';
import { encode } from './encoding.js';
import * as frames from './frames.js';
import { decodeInvite } from './invites.js';
import * as limits from './limits.js';
import { ItemSet, Responder } from './reconcile.js';
import { refuse } from './refusal.js';
import { asItems } from './store.js';

const UNKNOWN = 0;
const LATER = 2;
const BUSY = 1;
const STALE = 2;
const NOT_CARRIED = 4;
const NOT_HERE = 2;
const QUESTIONS = new Set(['Ping', 'Sub', 'NegOpen', 'Get', 'Range', 'IHave', 'Accept', 'Report', 'Getaddr', 'GetHeads', 'GetHeaders']);

const unexpected = (words) => refuse('unexpected_frame', words);

/** `carries` says yes or no of an author, `carried` lists those, `since` says from when on he is kept; the other side's
 * numbers have `parity`: 1 if it dialled, 0 if we did. */
export class Answers {
  constructor({ store, carries, carried = [], parity, since = () => 0 }) {
    Object.assign(this, { store, carries, carried, parity, since });
    this.lastNumber = 0;
    this.subscriptions = new Map();
    this.sessions = new Map();
    this.ended = new Set();
    this.announced = new Set();
  }

  /** The frames that answer one frame of the other side. */
  answer(frame) {
    if (frame === null) return [];
    const method = this[`on${frame.name}`] ?? (() => unexpected(`${frame.name} answers nothing`));
    if (QUESTIONS.has(frame.name)) this.#checkNumber(frame);
    return method.call(this, frame);
  }

  /** FR-3. */
  #checkNumber({ name, req }) {
    if (name === 'Sub' && this.subscriptions.has(req)) return;
    if (req % 2 !== this.parity || req <= this.lastNumber) unexpected('a question with a number out of turn');
    this.lastNumber = req;
  }

  onPing = ({ req }) => [{ name: 'Pong', req }];
  onPong = () => [];
  onErr = () => [];
  onChanged = () => [];
  // An edge has nobody to tell of, and needs nobody (DI-7).
  onAddr = () => [];
  onGetaddr = () => [];

  // Subscriptions

  onSub({ req, filter: data, mode }) {
    const filter = frames.decodeFilter(data);
    const known = this.subscriptions.get(req);
    const isFull = this.subscriptions.size === limits.MAX_SUBSCRIPTIONS;
    if (!known && isFull) refuse('out_of_range', 'too many subscriptions');
    const authors = filter.authors ? filter.authors.filter(this.carries) : this.carried;
    const version = (known?.version ?? 0) + 1;
    const named = { authors: filter.authors ?? authors };
    const steps = frames.stepsOf(named.authors, (author) => this.#keptSince(filter, author));
    const own = frames.sinceOf(named, steps);
    this.subscriptions.set(req, { filter: { ...filter, kept: [own] }, named, own, authors, version, mode });
    const said = steps.length ? [{ name: 'Since', req, version, steps }] : [];
    return [...said, this.#scope(req, version, filter), ...this.#endSessions(req)];
  }

  /** SY-4; whoever names nobody gets the list of all (EG-1). */
  #scope(req, version, { authors }) {
    if (authors) return { name: 'Scope', req, version, carried: frames.bitmap(authors, this.carries) };
    const list = { authors: bytes(...this.carried), anew: true, more: false, everyone: false };
    return { name: 'Authors', req, version, ...list };
  }

  #keptSince({ kinds }, author) {
    return this.carries(author) && kinds?.length !== 0 ? this.since(author) : 0;
  }

  /** SY-27 and EG-2: from when on the other side keeps whom. */
  onSince({ req, version, steps }) {
    const known = this.subscriptions.get(req);
    if (!known) return [];
    const isOfList = !known.filter.authors && version === known.version;
    if (known.filter.authors || isOfList) known.filter.kept = [known.own, frames.sinceOf(known.named, steps)];
    return this.#endSessions(req);
  }

  /** EG-13: where chains end, if not in the same places as at the other side. */
  onGetHeads({ req, first, digest, ...scope }) {
    const { filter, authors } = this.#current(scope) ?? { authors: [] };
    const asked = filter?.kinds?.length === 0 ? [] : authors.slice(first, first + limits.HEADS_AUTHORS);
    const heads = this.store.heads(asked, filter).slice(0, limits.MAX_HEADS);
    const places = heads.map(([device, seq, id]) => bytes(device, bigEndian(seq), id)).sort(compare);
    const isSame = equal(sha256(...places).subarray(0, digest.length), digest);
    return [{ name: 'Heads', req, heads: isSame ? [] : heads, more: false }];
  }

  /** EG-16: a chain from a message on, without bodies. */
  onGetHeaders({ req, tip, down, limit }) {
    const links = [];
    let link = this.#served(tip);
    while (link && link.header.seq > down && links.length < Math.min(limit, limits.MAX_HEADERS)) {
      links.push({ data: encode([link.headerBytes, link.signature, null]) });
      link = link.header.prev && this.#served(link.header.prev);
    }
    return inFrames(req, withinAnswer(links));
  }

  /** EG-6. */
  onSetMode({ req, mode }) {
    if (this.subscriptions.has(req)) this.subscriptions.get(req).mode = mode;
    return [];
  }

  onUnsub({ req }) {
    this.subscriptions.delete(req);
    return this.#endSessions(req);
  }

  #current({ sub, version }) {
    const subscription = this.subscriptions.get(sub);
    return subscription?.version === version ? subscription : null;
  }

  #tier({ filter, authors }, { tier, since, until }) {
    return this.store.tier(filter, authors, tier, since, until);
  }

  // Sessions

  onNegOpen(frame) {
    const { req, count, fingerprint } = frame;
    const subscription = this.#current(frame);
    const fault = subscription === null ? STALE : this.sessions.size === limits.MAX_SESSIONS ? BUSY : null;
    if (fault !== null) return this.#end(req, { name: 'NegErr', req, fault, since: 0 });
    const set = new ItemSet(asItems(this.#tier(subscription, frame)));
    const isSame = set.length === count && set.fingerprint().equals(fingerprint);
    if (isSame) return this.#end(req, { name: 'NegSame', req });
    const side = new Responder(set, limits.MAX_RECONCILIATION_ANSWER);
    this.sessions.set(req, { sub: frame.sub, side, rounds: 0 });
    return [{ name: 'NegDiffers', req, count: set.length }];
  }

  #end(req, ...frame) {
    this.sessions.delete(req);
    this.ended.add(req);
    return frame;
  }

  #endSessions(sub) {
    const over = [...this.sessions].filter(([, session]) => session.sub === sub);
    return over.flatMap(([req]) => this.#end(req, { name: 'NegErr', req, fault: STALE, since: 0 }));
  }

  #session(req) {
    return this.sessions.get(req) ?? (this.ended.has(req) ? null : unexpected('no such session'));
  }

  onNegMsg({ req, data, more }) {
    const session = this.#session(req);
    if (session === null) return [];
    session.rounds += 1;
    if (more || session.rounds > limits.MAX_ROUNDS) unexpected('a message in parts, or too many of them');
    return inParts(req, session.side.answer(data));
  }

  onNegClose({ req }) {
    this.#session(req);
    return this.#end(req);
  }

  // Transfer

  onGet = ({ req, ids }) => this.give(req, ids);

  /** The frames that bring the messages of a run of ids, as the answer to GET or WANT. */
  give(req, ids) {
    const found = distinct(ids).map((id) => ({ id, message: this.#served(id) }));
    const absent = found.filter(({ message }) => !message).map(({ id }) => [id, UNKNOWN]);
    const held = found.map(({ message }) => message).filter(Boolean);
    const fitting = withinAnswer(held);
    const later = held.slice(fitting.length).map(({ id }) => [id, LATER]);
    return [...missing(req, [...absent, ...later]), ...inFrames(req, fitting)];
  }

  /** Only what is carried for others is served (SY-13); of all else nobody learns that it is here (SY-1). */
  #served(id) {
    const message = this.store.get(id);
    return message && this.carries(message.header.author) ? message : null;
  }

  onRange(frame) {
    const subscription = this.#current(frame);
    const items = subscription ? this.#tier(subscription, frame) : [];
    const isAfter = ({ header, id }) => header.ts - frame.afterTs || compare(id, frame.afterId);
    const wanted = items.filter((item) => isAfter(item) > 0).slice(0, frame.limit);
    return inFrames(frame.req, withinAnswer(wanted));
  }

  onIHave({ req, ids }) {
    const wanted = distinct(ids).filter((id) => !this.#served(id));
    if (wanted.length > 0) this.announced.add(req);
    return [{ name: 'Want', req, ids: bytes(...wanted) }];
  }

  onMessages({ req, messages, more }) {
    if (req === 0 ? messages.length === 0 : !this.announced.has(req)) unexpected('messages that nobody asked for');
    if (!more) this.announced.delete(req);
    return [];
  }

  // Invites

  onAccept({ req, invite }) {
    decodeInvite(invite);
    return [{ name: 'Accepted', req, verdict: NOT_CARRIED }];
  }

  /** Nobody takes reports here. */
  onReport = ({ req }) => [{ name: 'Reported', req, verdict: NOT_HERE }];
}

const bigEndian = (number) => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(number);
  return four;
};
const distinct = (run) => [...new Map(splitRun(run).map((id) => [hex(id), id])).values()];
const missing = (req, absent) => (absent.length ? [{ name: 'Missing', req, absent }] : []);

/** The first messages that one answer has room for (SY-13). */
function withinAnswer(messages) {
  let size = 0;
  const last = messages.findIndex(({ data }) => (size += data.length) > limits.MAX_ANSWER);
  return last < 0 ? messages : messages.slice(0, last);
}

/** One MESSAGES or several, all but the last with `more`. */
function inFrames(req, messages) {
  const groups = [[]];
  let size = 0;
  for (const { data } of messages) {
    const group = groups.at(-1);
    const isLong = group.length > 0 && size + data.length > limits.ANSWER_FRAME;
    const isFull = isLong || group.length === limits.MAX_FRAME_MESSAGES;
    size = isFull ? data.length : size + data.length;
    if (isFull) groups.push([[0, data]]);
    else group.push([0, data]);
  }
  return groups.map((group, i) => ({ name: 'Messages', req, messages: group, more: i + 1 < groups.length }));
}

/** A message of a reconciliation in parts that fit a frame (SY-9). */
function inParts(req, data) {
  const size = limits.MAX_RECONCILIATION_MESSAGE;
  const count = Math.max(1, Math.ceil(data.length / size));
  return Array.from({ length: count }, (_, i) => {
    const part = data.subarray(i * size, (i + 1) * size);
    return { name: 'NegMsg', req, data: part, more: i + 1 < count };
  });
}
