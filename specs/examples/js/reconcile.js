// Which messages does each side lack? Range-based set reconciliation (08-reconciliation.md).
import { bytes, compare, equal, fromLittleEndian, hex, sha256 } from './bytes.js';
import * as limits from './limits.js';
import { refuse } from './refusal.js';

const SKIP = 0;
const FINGERPRINT = 1;
const IDS = 2;
const ID = 32;
const MODULUS = 1n << 256n;
const INFINITY = { ts: limits.INFINITE_TIMESTAMP, prefix: Buffer.alloc(0) };

// Items and bounds. Both compare by time, then by bytes; a prefix is filled up with zero bytes.

const filled = (prefix) => Buffer.concat([prefix, Buffer.alloc(ID - prefix.length)]);
const byTimeAndId = (a, b) => a.ts - b.ts || compare(a.id, b.id);
const place = ({ ts, prefix }) => ({ ts, id: filled(prefix) });

/** RC-4: of a set of ids that is counted and summed. */
export function fingerprint(count, sum) {
  const little = Buffer.from(sum.toString(16).padStart(64, '0'), 'hex').reverse();
  return sha256(little, varint(count)).subarray(0, limits.FINGERPRINT_SIZE);
}

/** RC-1: an unchanging set of {ts, id}, in order, with sums so that a range costs no walk. */
export class ItemSet {
  constructor(items) {
    this.items = [...new Map(items.map((item) => [hex(item.id), item])).values()].sort(byTimeAndId);
    this.sums = [0n];
    for (const { id } of this.items) this.sums.push((this.sums.at(-1) + fromLittleEndian(id)) % MODULUS);
  }

  get length() {
    return this.items.length;
  }

  /** How many items are below `bound`. */
  below(bound) {
    const wanted = place(bound);
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byTimeAndId(this.items[middle], wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  fingerprint(from = 0, to = this.length) {
    return fingerprint(to - from, (this.sums[to] - this.sums[from] + MODULUS) % MODULUS);
  }

  ids = (from, to) => this.items.slice(from, to).map(({ id }) => id);

  /** RC-8: the shortest bound between the item before `index` and the one there. */
  boundAt(index) {
    const [a, b] = [this.items[index - 1], this.items[index]];
    if (a.ts !== b.ts) return { ts: b.ts, prefix: Buffer.alloc(0) };
    const shared = b.id.findIndex((byte, i) => byte !== a.id[i]);
    return { ts: b.ts, prefix: b.id.subarray(0, shared + 1) };
  }
}

// Bytes

function varint(number) {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128);
  return Buffer.from(digits);
}

/** A message while it is written (RC-6). `position` is how many of our items its ranges cover so far. */
class Writer {
  constructor() {
    this.parts = [Buffer.from([limits.RECONCILIATION_VERSION])];
    this.length = 1;
    this.ts = 0;
    this.skipped = null;
  }

  skip(end) {
    this.skipped = end;
  }

  range(end, mode, content = Buffer.alloc(0)) {
    if (this.skipped) this.#write(this.skipped, SKIP, Buffer.alloc(0));
    this.skipped = null;
    this.#write(end, mode, content);
  }

  ids = (end, ids) => this.range(end, IDS, bytes(varint(ids.length), ...ids));

  #write(end, mode, content) {
    const time = end.ts === limits.INFINITE_TIMESTAMP ? 0 : 1 + end.ts - this.ts;
    const range = bytes(varint(time), varint(end.prefix.length), end.prefix, varint(mode), content);
    this.ts = end.ts;
    this.parts.push(range);
    this.length += range.length;
  }

  save = () => ({ count: this.parts.length, length: this.length, ts: this.ts, skipped: this.skipped });

  restore({ count, length, ts, skipped }) {
    this.parts.length = count;
    Object.assign(this, { length, ts, skipped });
  }

  get isEmpty() {
    return this.parts.length === 1;
  }

  get bytes() {
    return bytes(...this.parts);
  }
}

const bad = (words) => refuse('bad_reconciliation', words);

/** RC-16: all ranges of a message, checked whole. */
class Reader {
  constructor(message) {
    this.message = message;
    this.position = 1;
    this.last = { ts: 0, prefix: Buffer.alloc(0) };
  }

  ranges() {
    const ranges = [];
    while (this.position < this.message.length) ranges.push(this.range());
    return ranges;
  }

  range() {
    const end = this.end();
    const mode = this.varint();
    if (mode === SKIP) return { end, mode };
    if (mode === FINGERPRINT) return { end, mode, fingerprint: this.take(limits.FINGERPRINT_SIZE) };
    if (mode !== IDS) bad('an unknown mode');
    const count = this.varint();
    const ids = this.take(count * ID);
    return { end, mode, ids: Array.from({ length: count }, (_, i) => ids.subarray(i * ID, (i + 1) * ID)) };
  }

  end() {
    const time = this.varint();
    const ts = time === 0 ? limits.INFINITE_TIMESTAMP : this.last.ts + time - 1;
    const isInfinite = time === 0;
    if (!isInfinite && ts >= limits.INFINITE_TIMESTAMP) bad('a time beyond the last');
    const length = this.varint();
    if (length > ID || (isInfinite && length > 0)) bad('a prefix that is too long');
    return this.ascend({ ts, prefix: this.take(length) });
  }

  ascend(end) {
    const isRepeatedInfinity = end.ts === limits.INFINITE_TIMESTAMP && this.last.ts === end.ts;
    if (!isRepeatedInfinity && byTimeAndId(place(end), place(this.last)) <= 0) bad('ends that do not ascend');
    this.last = end;
    return end;
  }

  varint() {
    let number = 0;
    for (let count = 0; ; count += 1) {
      const [digit] = this.take(1);
      if ((count === 0 && digit === 0x80) || number > MAX_NUMBER) bad('a number in another form');
      number = number * 128 + (digit & 0x7f);
      if (digit < 0x80) return number;
    }
  }

  take(length) {
    if (this.position + length > this.message.length) bad('a range breaks off');
    this.position += length;
    return this.message.subarray(this.position - length, this.position);
  }
}

const MAX_NUMBER = 2 ** 40;
const isVersion = (byte) => byte >= limits.RECONCILIATION_VERSIONS[0] && byte <= limits.RECONCILIATION_VERSIONS[1];

function checkStart(message, maxSize) {
  if (message.length > maxSize) refuse('too_big', 'a message of a reconciliation that is too long');
  if (message.length === 0 || !isVersion(message[0])) bad('no version of this method');
}

// The two sides

/** `limit` is that of one's own messages in bytes; 0 is none (RC-14). */
class Side {
  constructor(set, limit) {
    this.set = set;
    this.room = limit ? limit - limits.FRAME_LIMIT_RESERVE : Infinity;
  }

  /** RC-8. */
  tell(writer, from, to, end) {
    const count = to - from;
    if (count < limits.RECONCILIATION_SPLIT) return writer.ids(end, this.set.ids(from, to));
    const size = Math.floor(count / limits.RECONCILIATION_BUCKETS);
    const longer = count % limits.RECONCILIATION_BUCKETS;
    for (let part = 0, low = from; part < limits.RECONCILIATION_BUCKETS; part += 1) {
      const high = low + size + (part < longer ? 1 : 0);
      writer.range(high === to ? end : this.set.boundAt(high), FINGERPRINT, this.set.fingerprint(low, high));
      low = high;
    }
    return undefined;
  }

  /** RC-10: the answer to ranges, in order, until the message is full. */
  respond(ranges) {
    const writer = new Writer();
    let from = 0;
    let covered = 0;
    for (const range of ranges) {
      const to = this.set.below(range.end);
      const step = this.step(writer, range, from, to, covered);
      if (step?.closedFrom !== undefined) {
        writer.range(INFINITY, FINGERPRINT, this.set.fingerprint(step.closedFrom));
        break;
      }
      if (step?.written) covered = to;
      from = to;
    }
    return writer;
  }

  step(writer, range, from, to, covered) {
    if (range.mode === IDS) return this.listed(writer, range, from, to);
    const isEqual = range.mode === SKIP || equal(range.fingerprint, this.set.fingerprint(from, to));
    return isEqual ? writer.skip(range.end) : this.differing(writer, range, from, to, covered);
  }

  /** RC-14, 1, and the second and third row of RC-15. */
  differing(writer, range, from, to, covered) {
    const before = writer.save();
    this.tell(writer, from, to, range.end);
    if (writer.length <= this.room) return { written: true };
    writer.restore({ ...before, skipped: null });
    return { closedFrom: range.fingerprint.equals(fingerprint(0, 0n)) ? covered : to };
  }
}

export class Responder extends Side {
  answer(message) {
    checkStart(message, limits.MAX_RECONCILIATION_MESSAGE);
    if (message[0] !== limits.RECONCILIATION_VERSION) return Buffer.from([limits.RECONCILIATION_VERSION]);
    return this.respond(new Reader(message).ranges()).bytes;
  }

  /** RC-14, 2: as many ids as there is room for. */
  listed(writer, { end }, from, to) {
    const fitting = this.room === Infinity ? to - from : 1 + Math.max(0, Math.floor((this.room - writer.length) / ID));
    const stop = Math.min(to, from + fitting);
    const next = stop < to ? this.set.items[stop] : null;
    writer.ids(next ? { ts: next.ts, prefix: next.id } : end, this.set.ids(from, stop));
    return next || writer.length > this.room ? { closedFrom: stop } : { written: true };
  }
}

export class Initiator extends Side {
  have = [];
  need = [];

  first() {
    const writer = new Writer();
    this.tell(writer, 0, this.set.length, INFINITY);
    return writer.bytes;
  }

  /** The next message, or null when the session is complete (RC-12). */
  answer(message) {
    checkStart(message, limits.MAX_RECONCILIATION_ANSWER);
    if (message[0] !== limits.RECONCILIATION_VERSION) refuse('unsupported_version', 'no common version');
    const writer = this.respond(new Reader(message).ranges());
    return writer.isEmpty ? null : writer.bytes;
  }

  /** RC-11. */
  listed(writer, { end, ids }, from, to) {
    const theirs = new Map(ids.map((id) => [hex(id), id]));
    const ours = new Set(this.set.ids(from, to).map(hex));
    this.have.push(...this.set.ids(from, to).filter((id) => !theirs.has(hex(id))));
    this.need.push(...[...theirs].filter(([name]) => !ours.has(name)).map(([, id]) => id));
    writer.skip(end);
  }
}
