// The identity log (01-identity.md): who an author is, and which devices speak for them.
import { compare, equal, hex, isAscending } from './bytes.js';
import { decode, encode } from './encoding.js';
import { checkKey } from './keys.js';
import { opening } from './kinds.js';
import { MAX_CONTROL_BODY, MAX_CUT_TIPS, MAX_DEVICES, MAX_LOG_ENTRIES } from './limits.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';

const { anything, bin32, empty, list, optional, tuple, uint, uint16, uint32 } = shapes;
export const INCEPTION = 0;
export const PUBLISH = 1;
export const FOLLOW = 2;

const key = (value) => checkKey(bin32(value));
const cut = list(tuple(uint32, bin32), MAX_CUT_TIPS);
const positions = tuple(
  anything,
  empty,
  empty,
  uint16,
  uint(MAX_LOG_ENTRIES - 1),
  optional(bin32),
  bin32,
  optional(bin32),
  list(tuple(key, uint16), MAX_DEVICES),
  list(tuple(bin32, cut), MAX_DEVICES),
);

/** ID-7 to ID-9: the entry that the body of a message of kind 0 holds. */
export function decodeEntry(header, body) {
  if (body === null) refuse('wrong_shape', 'the body of a log entry is never erased');
  const value = decode(body, MAX_CONTROL_BODY);
  opening(value);
  value.slice(1, 3).forEach(empty);
  const [, , , operation, index, previous, root, next, devices, removals] = positions(value);
  const entry = { operation, index, previous, root, next, devices, removals };
  if (operation === INCEPTION) checkInception(header, entry);
  return entry;
}

/** ID-9, in the order of its table. */
function checkInception({ author, device, seq }, { index, previous, root, next, devices, removals }) {
  if (!equal(device, author) || seq !== 1) refuse('wrong_shape', 'an inception is signed by the genesis key, first');
  const opens = index === 0 && previous === null && next !== null && removals.length === 0;
  if (!opens) refuse('wrong_shape', 'an inception opens a log and removes nobody');
  const keys = devices.map(([each]) => each);
  if (keys.length === 0 || !isAscending(keys, compare)) refuse('out_of_range', 'devices that do not ascend');
  checkKey(root);
  const all = [author, root, ...keys].map(hex);
  if (new Set(all).size !== all.length) refuse('bad_key', 'one key in two places');
}

export function encodeInception({ nonce, root, next, devices }) {
  return encode([nonce, [], [], INCEPTION, 0, null, root, next, devices, []]);
}

/** The logs that somebody holds. `hold` takes messages of kind 0 whose signature was verified (ID-10). */
export class Logs {
  inceptions = new Map();

  hold({ id, header, body }) {
    const entry = decodeEntry(header, body);
    if (entry.operation === INCEPTION) this.of(header.author).set(hex(id), entry);
  }

  of(author) {
    const name = hex(author);
    if (!this.inceptions.has(name)) this.inceptions.set(name, new Map());
    return this.inceptions.get(name);
  }

  /** ID-13 and ID-14: each inception that is held gives its devices what it says. */
  authorises({ kind, author, device }) {
    if (kind === 0) return equal(device, author);
    const named = [...this.of(author).values()].flatMap(({ devices }) => devices);
    return named.some(([each, capabilities]) => equal(each, device) && (capabilities & PUBLISH) !== 0);
  }

  isContested = (author) => this.of(author).size > 1;
}
