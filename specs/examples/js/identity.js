// Entries of an identity log (01-identity.md): what their bytes must be. What they bring about is in logs.js.
import { compare, equal, hex, isAscending } from './bytes.js';
import { decode, encode } from './encoding.js';
import { checkKey } from './keys.js';
import { opening } from './kinds.js';
import { MAX_CONTROL_BODY, MAX_CUT_TIPS, MAX_DEVICES, MAX_LOG_ENTRIES } from './limits.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';

const { anything, bin32, empty, list, numerically, optional, tuple, uint, uint16, uint32 } = shapes;
export const [INCEPTION, UPDATE, ROTATE] = [0, 1, 2];
/** Of operations from here on nothing but the number is read (ID-12). */
const FIRST_UNREAD = 16;
export const PUBLISH = 1;
export const FOLLOW = 2;
const NO_ROOT = Buffer.alloc(32);

const key = (value) => checkKey(bin32(value));
const cut = list(tuple(uint32, bin32), MAX_CUT_TIPS);
const positions = tuple(
  ...[anything, anything, anything, anything],
  uint(MAX_LOG_ENTRIES - 1),
  optional(bin32),
  bin32,
  optional(bin32),
  list(tuple(key, uint16), MAX_DEVICES),
  list(tuple(bin32, cut), MAX_DEVICES),
);

/** ID-7 to ID-9 and ID-12 to ID-18: the entry that the body of a message of kind 0 holds. */
export function decodeEntry(header, body) {
  if (body === null) refuse('wrong_shape', 'the body of a log entry is never erased');
  const value = decode(body, MAX_CONTROL_BODY);
  opening(value);
  value.slice(1, 3).forEach(empty);
  const operation = uint16(value[3]);
  if (operation >= FIRST_UNREAD) return { operation };
  const [, , , , index, previous, root, next, devices, removals] = positions(value);
  const entry = { operation, index, previous, root, next, devices, removals };
  (CHECKS[operation] ?? anything)(entry, header);
  return entry;
}

const CHECKS = {
  [INCEPTION]: checkInception,
  [UPDATE]: checkUpdate,
  [ROTATE]: (entry, header) => (entry.next === null ? checkClose : checkRotate)(entry, header),
};

const wrongShape = (words) => refuse('wrong_shape', words);

/** ID-9. */
function checkInception(entry, { author, device, seq }) {
  if (!equal(device, author) || seq !== 1) wrongShape('an inception is signed by the genesis key, first');
  const opens = entry.index === 0 && entry.previous === null && entry.next !== null && entry.removals.length === 0;
  if (!opens) wrongShape('an inception opens a log and removes nobody');
  if (entry.devices.length === 0) refuse('out_of_range', 'an identity without a device');
  checkOrder(entry);
  checkKeys(entry, author);
}

/** ID-16. */
function checkUpdate(entry, { author, device }) {
  if (!equal(device, entry.root)) wrongShape('an update is signed by its root');
  checkPlace(entry);
  if (entry.next === null) wrongShape('an update without a commitment');
  checkOrder(entry);
  checkKeys(entry, author);
}

/** ID-17. */
function checkRotate(entry, { author, device, seq }) {
  if (seq !== 1) wrongShape('a recovery key signs once');
  checkPlace(entry);
  checkOrder(entry);
  checkKeys(entry, author, device);
}

/** ID-18. */
function checkClose(entry, { author, device, seq }) {
  if (seq !== 1) wrongShape('a recovery key signs once');
  checkPlace(entry);
  const isBare = equal(entry.root, NO_ROOT) && entry.devices.length === 0 && entry.removals.length === 0;
  if (!isBare) wrongShape('a close names no key');
  if (equal(device, author)) refuse('bad_key', 'the genesis key signs nothing but the inception');
}

function checkPlace({ index, previous }) {
  if (index === 0 || previous === null) wrongShape('an entry that follows none');
}

function checkOrder({ devices, removals }) {
  const areOrdered = [devices, removals].every((pairs) => isAscending(pairs.map(([each]) => each), compare));
  if (!areOrdered) refuse('out_of_range', 'devices or removals that do not ascend');
  removals.forEach(([, tips]) => checkCut(tips));
}

function checkCut(tips) {
  const upwards = tips.map(([seq]) => seq).reverse();
  if (!isAscending([0, ...upwards], numerically)) refuse('out_of_range', 'a cut that does not descend to 1');
}

/** The root is a key, and no key stands in two places. */
function checkKeys({ root, devices, removals }, ...others) {
  checkKey(root);
  const all = [root, ...others, ...[...devices, ...removals].map(([each]) => each)].map(hex);
  if (new Set(all).size !== all.length) refuse('bad_key', 'one key in two places');
}

export function encodeInception({ nonce, root, next, devices }) {
  return encode([nonce, [], [], INCEPTION, 0, null, root, next, devices, []]);
}
