// Who we are: keys and messages of our own in a file that only its owner reads.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { compare } from './bytes.js';
import { encodeInception, FOLLOW, INCEPTION, PUBLISH } from './identity.js';
import { publicKeyOf, recoveryKey } from './keys.js';
import { encodeBody } from './kinds.js';
import { MAX_REPLACES, NONCE } from './limits.js';
import { signMessage } from './messages.js';
import { receive } from './receive.js';
import { forbid, Refusal } from './refusal.js';
import { Store } from './store.js';

/** The keys of somebody who only reads: a device that belongs to nobody but itself. */
export function stranger(net) {
  const deviceSeed = randomBytes(32);
  const device = publicKeyOf(deviceSeed);
  return { net, author: device, device, deviceSeed };
}

/** The identity in `path`, made when there is none. */
export class Self {
  static open(path, net, ts) {
    return existsSync(path) ? new Self(path, JSON.parse(readFileSync(path, 'utf8'))) : Self.#make(path, net, ts);
  }

  /** ID-3 to ID-11. The genesis key lives in this function only; the entropy is what the 24 words stand for. */
  static #make(path, net, ts) {
    const [genesis, root, device, entropy] = Array.from({ length: 4 }, () => randomBytes(32));
    const author = publicKeyOf(genesis);
    const body = encodeInception({
      nonce: randomBytes(NONCE),
      root: publicKeyOf(root),
      next: recoveryKey(entropy, 1).commitment,
      devices: [[publicKeyOf(device), PUBLISH | FOLLOW]],
    });
    const fields = { net, kind: INCEPTION, author, device: author, seq: 1, prev: null, ts, replaces: [] };
    const inception = signMessage(fields, body, genesis);
    const keys = { entropy, root, device };
    const kept = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, key.toString('hex')]));
    const self = new Self(path, { net, author: author.toString('hex'), ...kept, messages: [] });
    self.store.add(receive(inception, net));
    self.save();
    return self;
  }

  constructor(path, { messages, ...kept }) {
    Object.assign(this, { path, kept, net: kept.net, author: Buffer.from(kept.author, 'hex'), store: new Store() });
    this.deviceSeed = Buffer.from(kept.device, 'hex');
    this.device = publicKeyOf(this.deviceSeed);
    for (const data of messages) this.store.add(receive(Buffer.from(data, 'base64'), this.net));
  }

  /** What the store holds of our own, without the bodies that were withdrawn. */
  get messages() {
    return [...this.store.messages.values()].filter(({ header }) => header.author.equals(this.author));
  }

  /** Comes before anything is sent, so that no place in the chain is used twice (ME-12). */
  save() {
    const messages = this.messages.map(({ data }) => data.toString('base64'));
    rmSync(`${this.path}.new`, { force: true });
    writeFileSync(`${this.path}.new`, JSON.stringify({ ...this.kept, messages }), { mode: 0o600, flush: true });
    renameSync(`${this.path}.new`, this.path);
  }

  get inception() {
    return this.messages.find(({ header }) => header.kind === INCEPTION);
  }

  /** Signs and keeps a message that takes the place of `replaced`, the heads of its statement (KI-17). */
  say(kind, content, { ts, topics = [], replaced = [] }) {
    const last = this.#last();
    const body = encodeBody(kind, { nonce: randomBytes(NONCE), topics, content });
    const fields = {
      net: this.net,
      kind,
      author: this.author,
      device: this.device,
      seq: (last?.header.seq ?? 0) + 1,
      prev: last?.id ?? null,
      ts: Math.max(ts, last?.header.ts ?? 0, ...replaced.map(({ header }) => header.ts + 1)),
      replaces: replaced.slice(-MAX_REPLACES).map(({ id }) => id).sort(compare),
    };
    const message = this.#allowed(signMessage(fields, body, this.deviceSeed));
    this.store.add(message);
    this.save();
    return message;
  }

  /** What others would refuse is not sent. */
  #allowed(data) {
    try {
      return receive(data, this.net);
    } catch (error) {
      if (error instanceof Refusal) forbid(`the protocol does not allow that: ${error.message}`);
      throw error;
    }
  }

  /** The end of our device's chain. */
  #last() {
    const chain = this.messages.filter(({ header }) => header.device.equals(this.device));
    return chain.sort((a, b) => a.header.seq - b.header.seq).at(-1);
  }
}
