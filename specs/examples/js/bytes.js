// Bytes as hexadecimal and in order, hashes with a purpose, base58 (02-encoding.md).
import { createHash } from 'node:crypto';
import { refuse } from './refusal.js';

export const bytes = (...parts) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
export const hex = (data) => Buffer.from(data).toString('hex');
export const fromHex = (digits) => Buffer.from(digits, 'hex');
export const compare = Buffer.compare;
export const equal = (a, b) => compare(a, b) === 0;
export const isAscending = (items, order) => items.every((item, i) => i === 0 || order(items[i - 1], item) < 0);

export const sha256 = (...parts) => createHash('sha256').update(bytes(...parts)).digest();
/** The tag that every hash and every signature begins with (EN-9, EN-14). */
export const tag = (purpose) => Buffer.from(`hedgerow/1/${purpose}\0`, 'ascii');
export const hash = (purpose, data) => sha256(tag(purpose), data);

export const fromLittleEndian = (data) => BigInt(`0x${hex(Buffer.from(data).reverse()) || '0'}`);

/** The bytes of a run of keys or ids, 32 each (FR-4). */
export const splitRun = (run) =>
  Array.from({ length: run.length / 32 }, (_, i) => run.subarray(32 * i, 32 * i + 32));

const LETTERS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const MAX_LETTERS = 128;

/** EN-10: the bytes as one number with base 58, and a 1 for each leading zero byte. */
export function toBase58(data) {
  let text = '';
  for (let rest = BigInt(`0x${hex(data) || '0'}`); rest > 0n; rest /= 58n) text = LETTERS[Number(rest % 58n)] + text;
  const zeros = data.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros < 0 ? data.length : zeros) + text;
}

export const isBase58 = (text) => text.length <= MAX_LETTERS && [...text].every((letter) => LETTERS.includes(letter));

export function fromBase58(text) {
  if (!isBase58(text)) refuse('out_of_range', 'a letter that base58 lacks, or too many');
  const number = [...text].reduce((sum, letter) => sum * 58n + BigInt(LETTERS.indexOf(letter)), 0n);
  const digits = number === 0n ? '' : number.toString(16);
  const zeros = text.length - text.replace(/^1+/, '').length;
  return bytes(Buffer.alloc(zeros), fromHex(digits.padStart(digits.length + (digits.length % 2), '0')));
}
