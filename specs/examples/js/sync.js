// How a side that dialled brings its set and the other's together (08-sync.md, the initiator).
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, compare, hex } from './bytes.js';
import { CONTENT, CONTROL } from './frames.js';
import * as limits from './limits.js';
import { AUTHORISED } from './logs.js';
import { Initiator, ItemSet } from './reconcile.js';
import { receive } from './receive.js';
import { Refusal, refuse } from './refusal.js';
import { asItems } from './store.js';

const TOO_BIG = 0;
const LATER = 2;

/** One subscription of a link. `take` is given each new message that holds, `drop` the reason of each that does not. */
export class Sync {
  constructor({ link, store, net, sub, take = () => {}, drop = () => {} }) {
    Object.assign(this, { link, store, net, sub, take, drop });
  }

  get scope() {
    return this.link.scopes.get(this.sub);
  }

  /** Control before content (SY-7), each until nothing differs. True when every set is equal at the end. */
  async run() {
    return (await this.#tier(CONTROL)) && this.#tier(CONTENT);
  }

  /** What a device said that was removed can only be judged when its chain is there (ID-27), so all is told at the end. */
  async #tier(tier) {
    this.fresh = [];
    const isEqual = await this.#settle(tier);
    for (const { id } of this.fresh) {
      const message = this.store.get(id);
      const standing = this.store.logs.standing(message);
      if (standing === AUTHORISED) this.take(message);
      else this.drop(`${standing}, by the author's log`);
    }
    return isEqual;
  }

  /** SY-11: compares once more after a difference, and not for ever. */
  async #settle(tier) {
    for (let round = 0; round <= limits.MAX_CONFIRMATIONS; round += 1) {
      const before = this.store.messages.size;
      this.hasOffered = false;
      if (await this.#compare({ tier, since: 0, until: 0 })) return true;
      const hasGained = this.store.messages.size > before;
      if (this.hasOffered || !hasGained) await sleep(1000 * limits.CONFIRM_AFTER);
    }
    return false;
  }

  #own({ tier, since, until }) {
    return new ItemSet(asItems(this.store.tier(this.scope.filter, this.scope.authors, tier, since, until)));
  }

  /** A session (SY-7). True when both sets were equal. */
  async #compare(window) {
    const own = this.#own(window);
    const { sub, version } = this.scope;
    const question = { name: 'NegOpen', sub, version, ...window, count: own.length, fingerprint: own.fingerprint() };
    const req = this.link.ask(question);
    const answer = await this.link.answer(req, 'NegSame', 'NegDiffers', 'NegErr');
    if (answer.name === 'NegSame') return true;
    if (answer.name === 'NegErr') return this.#afterFault(window, answer);
    const isBulk = own.length < answer.count / limits.BULK_SHARE;
    return isBulk ? this.#streamInstead(req, window) : this.#reconcile(req, own);
  }

  /** SY-10: a window that is too big is split, the newer part first; else we try again later. */
  async #afterFault({ tier, since, until }, { fault, since: split }) {
    if (fault !== TOO_BIG) return sleep(1000 * limits.BUSY_RETRY, false);
    if (split <= since || (until !== 0 && split >= until)) throw new Error('a window that cannot be split');
    const newer = await this.#compare({ tier, since: split, until });
    return (await this.#compare({ tier, since, until: split })) && newer;
  }

  // Streaming, for who has next to nothing (SY-9, SY-12)

  async #streamInstead(session, { tier, since, until }) {
    this.link.send({ name: 'NegClose', req: session });
    let last = since > 0 ? { ts: since - 1, id: Buffer.alloc(32, 0xff) } : { ts: 0, id: Buffer.alloc(32) };
    for (let next = last; next !== null; next = await this.#range(tier, last)) {
      last = next;
      if (until !== 0 && last.ts >= until) break;
    }
    return false;
  }

  /** Takes in one answer to RANGE; its last place, or null at the end of the set. */
  async #range(tier, after) {
    const { sub, version } = this.scope;
    const place = { afterTs: after.ts, afterId: after.id };
    const req = this.link.ask({ name: 'Range', sub, version, tier, ...place, limit: limits.RANGE_MESSAGES });
    let last = after;
    await this.#messages(req, ({ header, id }) => {
      const isAhead = (header.ts - last.ts || compare(id, last.id)) > 0;
      if (!isAhead) refuse('unexpected_frame', 'a stream that goes backwards');
      last = { ts: header.ts, id };
    });
    return last === after ? null : last;
  }

  // Reconciling

  async #reconcile(req, own) {
    const side = new Initiator(own, limits.MAX_RECONCILIATION_MESSAGE);
    let next = side.first();
    for (let round = 0; next !== null && round < limits.MAX_ROUNDS; round += 1) {
      this.link.send({ name: 'NegMsg', req, data: next, more: false });
      const answer = await this.#parts(req);
      if (answer === null) return false;
      next = side.answer(answer);
    }
    this.link.send({ name: 'NegClose', req });
    await this.#fetch(side.need);
    await this.#offer(side.have);
    return false;
  }

  /** A message of the responder, put together (SY-9); null when it ended the session. */
  async #parts(req) {
    const parts = [];
    for (let length = 0; ; ) {
      const { name, data, more } = await this.link.answer(req, 'NegMsg', 'NegErr');
      if (name === 'NegErr') return null;
      parts.push(data);
      length += data.length;
      if (!more) return bytes(...parts);
      const isPart = data.length === limits.MAX_RECONCILIATION_MESSAGE && length < limits.MAX_RECONCILIATION_ANSWER;
      if (!isPart) refuse('too_big', 'more parts than a message has');
    }
  }

  // Transfer

  /** SY-13: what did not fit is asked for again, as long as something comes. */
  async #fetch(ids) {
    let wanted = distinct(ids);
    while (wanted.length > 0) {
      const asked = wanted.slice(0, limits.MAX_FRAME_MESSAGES);
      const req = this.link.ask({ name: 'Get', ids: bytes(...asked) });
      const names = new Set(asked.map(hex));
      let count = 0;
      const later = await this.#messages(req, ({ id }) => {
        count += 1;
        if (!names.delete(hex(id))) refuse('unexpected_frame', 'a message that was not asked for');
      });
      if (count === 0 && later.length > 0) refuse('unexpected_frame', 'everything is left for later');
      wanted = [...later, ...wanted.slice(asked.length)];
    }
  }

  /** Takes in the messages that answer `req`; gives the ids that were left for later. */
  async #messages(req, check) {
    const later = [];
    for (;;) {
      const answer = await this.link.answer(req, 'Missing', 'Messages');
      if (answer.name === 'Missing') later.push(...answer.absent.filter(([, why]) => why === LATER).map(([id]) => id));
      else answer.messages.forEach(([, data]) => this.#takeIn(data, check));
      if (answer.name === 'Messages' && !answer.more) return later;
    }
  }

  #takeIn(data, check) {
    const message = this.#judge(data);
    if (message === null) return;
    check(message);
    if (this.store.get(message.id)) return;
    this.store.add(message);
    this.fresh.push(message);
  }

  #judge(data) {
    try {
      return receive(data, this.net);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.drop(error.reason);
      return null;
    }
  }

  /** SY-14: what the other side lacks is announced, and given where it is wanted. */
  async #offer(ids) {
    const all = distinct(ids);
    for (let i = 0; i < all.length; i += limits.MAX_FRAME_MESSAGES) {
      const offered = all.slice(i, i + limits.MAX_FRAME_MESSAGES);
      this.hasOffered = true;
      const req = this.link.ask({ name: 'IHave', ids: bytes(...offered), hops: Buffer.alloc(offered.length) });
      const { ids: wanted } = await this.link.answer(req, 'Want');
      if (wanted.length > 0) this.link.answers.give(req, wanted).forEach((frame) => this.link.send(frame));
    }
  }
}

const distinct = (ids) => [...new Map(ids.map((id) => [hex(id), id])).values()];
