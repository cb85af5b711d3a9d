// What the documents say of positions, as checks (EN-8). A check gives the value back or refuses it.
import { compare, isAscending } from './bytes.js';
import { refuse } from './refusal.js';

const wrongShape = (words) => refuse('wrong_shape', words);
const outOfRange = (words) => refuse('out_of_range', words);

export const anything = (value) => value;
export const bool = (value) => (typeof value === 'boolean' ? value : wrongShape('not a bool'));

export const uint = (max = Infinity) => (value) => {
  if (typeof value !== 'number') wrongShape('not a uint');
  return value <= max ? value : outOfRange(`${value} where ${max} is allowed`);
};
export const uint8 = uint(0xff);
export const uint16 = uint(0xffff);
export const uint32 = uint(0xffffffff);

/** Bytes of a fixed length. */
export const bin = (length) => (value) =>
  value instanceof Uint8Array && value.length === length ? value : wrongShape(`not ${length} bytes`);
export const bin32 = bin(32);

/** Bytes up to a length. */
export const bytesUpTo = (max) => (value) => {
  if (!(value instanceof Uint8Array)) wrongShape('not bytes');
  return value.length <= max ? value : outOfRange(`${value.length} bytes where ${max} are allowed`);
};

/** Keys or ids one after the other in one bin, `max` of them. */
export const run = (max) => (value) => {
  bytesUpTo(32 * max)(value);
  return value.length % 32 === 0 ? value : wrongShape('a run that is no multiple of 32 bytes');
};

export const text = (max, min = 0) => (value) => {
  if (typeof value !== 'string') wrongShape('not a text');
  const length = Buffer.byteLength(value);
  return length >= min && length <= max ? value : outOfRange(`a text of ${length} bytes`);
};
export const line = (max, min = 0) => (value) =>
  /[\t\n]/.test(text(max, min)(value)) ? outOfRange('more than a line') : value;

export const optional = (check) => (value) => (value === null ? null : check(value));
export const array = (value) => (Array.isArray(value) ? value : wrongShape('not an array'));

/** An array of any number of items, `min` to `max`. */
export const list = (check, max, min = 0) => (value) => {
  const count = array(value).length;
  if (count < min || count > max) outOfRange(`${count} items`);
  return value.map(check);
};

/** An array with these positions. */
export const tuple = (...checks) => (value) => {
  if (array(value).length !== checks.length) wrongShape(`${value.length} positions, not ${checks.length}`);
  return value.map((item, i) => checks[i](item));
};

export const ascending = (check, order = compare) => (value) =>
  isAscending(check(value), order) ? value : outOfRange('items that do not ascend');
export const numerically = (a, b) => a - b;
export const empty = (value) => (array(value).length === 0 ? value : wrongShape('not empty'));
