// The units on a link and the filters in them (07-frames.md).
import { compare, equal, hex, isAscending, splitRun } from './bytes.js';
import { decode, encode } from './encoding.js';
import * as limits from './limits.js';
import { isControl } from './messages.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';
import { thing } from './things.js';

const { array, ascending, bin, bin32, bool, bytesUpTo, line, list, numerically, optional, run, text, tuple } = shapes;
const { uint, uint16, uint32, uint8 } = shapes;
const ids = run(limits.MAX_FRAME_MESSAGES);
const mode = uint(2);
const tier = uint(1);
const carriedMessages = list(tuple(uint8, bytesUpTo(limits.MAX_MESSAGE)), limits.MAX_FRAME_MESSAGES);
const bits = bytesUpTo(limits.MAX_FILTER_AUTHORS / 8);
const steps = ascending(list(tuple(uint32, bits), limits.MAX_SINCE_STEPS), ([one], [other]) => one - other);
const authors = (value) => ascending(splitRun)(run(limits.MAX_FILTER_AUTHORS)(value));
const absences = list(tuple(bin32, uint8), limits.MAX_FRAME_MESSAGES);

export const OFF = 0;
export const CONTROL = 0;
export const CONTENT = 1;

const type = (number, name, fields) => ({ number, name, fields: { req: uint32, ...fields } });
const TYPES = [
  type(2, 'Ping'),
  type(4, 'Pong'),
  type(6, 'Err', { code: uint8, text: text(limits.MAX_ERROR_TEXT), retryAfter: uint32 }),
  type(8, 'Sub', { filter: bytesUpTo(limits.MAX_FILTER), mode }),
  type(10, 'Unsub'),
  type(12, 'Scope', { version: uint32, carried: bits }),
  type(14, 'NegOpen', {
    sub: uint32,
    version: uint32,
    tier,
    since: uint32,
    until: uint32,
    count: uint(),
    fingerprint: bin(limits.FINGERPRINT_SIZE),
  }),
  type(16, 'NegSame'),
  type(18, 'NegDiffers', { count: uint() }),
  type(20, 'NegMsg', { data: bytesUpTo(limits.MAX_RECONCILIATION_MESSAGE), more: bool }),
  type(22, 'NegClose'),
  type(24, 'NegErr', { fault: uint8, since: uint32 }),
  type(26, 'Get', { ids }),
  type(28, 'Messages', { messages: carriedMessages, more: bool }),
  type(30, 'Missing', { absent: absences }),
  type(32, 'Range', { sub: uint32, version: uint32, tier, afterTs: uint32, afterId: bin32, limit: uint16 }),
  type(34, 'IHave', { ids, hops: bytesUpTo(limits.MAX_FRAME_MESSAGES) }),
  type(36, 'Want', { ids }),
  type(38, 'Changed'),
  type(40, 'Accept', { invite: bytesUpTo(limits.MAX_INVITE), acceptance: bytesUpTo(limits.MAX_INVITE) }),
  type(42, 'Accepted', { verdict: uint8 }),
  type(44, 'Authors', { version: uint32, authors, anew: bool, more: bool, everyone: bool }),
  type(46, 'SetMode', { mode }),
  type(48, 'GetHeads', { sub: uint32, version: uint32, first: uint16, digest: bin(limits.FINGERPRINT_SIZE) }),
  type(60, 'GetHeaders', { tip: bin32, down: uint32, limit: uint16 }),
  type(50, 'Heads', { heads: list(tuple(bin32, uint32, bin32), limits.MAX_HEADS), more: bool }),
  type(58, 'Since', { version: uint32, steps }),
  type(61, 'Report', { thing, label: line(limits.MAX_WORD, 1), reason: text(limits.MAX_TEXT) }),
  type(63, 'Reported', { verdict: uint8 }),
  type(53, 'Addr', { records: list(bytesUpTo(limits.MAX_ADDRESS_RECORD), limits.MAX_FRAME_RECORDS) }),
  type(55, 'Getaddr'),
];
const BY_NUMBER = new Map(TYPES.map((each) => [each.number, each]));
const BY_NAME = new Map(TYPES.map((each) => [each.name, each]));

/** {name, req, …}, or null for a frame that is passed over (FR-2). */
export function decodeFrame(data) {
  const value = array(decode(data, limits.MAX_FRAME));
  if (value.length === 0) refuse('wrong_shape', 'a frame without a type');
  const number = uint8(value[0]);
  const known = BY_NUMBER.get(number);
  if (known) return fieldsOf(known, value);
  return number % 2 === 1 ? null : refuse('unknown_frame', `the type ${number}`);
}

function fieldsOf({ name, fields }, value) {
  const [, ...values] = tuple(uint8, ...Object.values(fields))(value);
  const frame = { name, ...Object.fromEntries(Object.keys(fields).map((field, i) => [field, values[i]])) };
  if (name === 'IHave' && 32 * frame.hops.length !== frame.ids.length) refuse('wrong_shape', 'not one hop an id');
  return frame;
}

export const frameValues = ({ name, ...values }) => [
  BY_NAME.get(name).number,
  ...Object.keys(BY_NAME.get(name).fields).map((field) => values[field]),
];
export const encodeFrame = (frame) => encode(frameValues(frame));

// Filters

const keys = (value) => {
  const authors = splitRun(run(limits.MAX_FILTER_AUTHORS)(value));
  return isAscending(authors, compare) ? authors : refuse('out_of_range', 'authors that do not ascend');
};
const kinds = ascending(list(uint16, limits.MAX_FILTER_KINDS), numerically);

/** FR-10: {authors, kinds, since, until}, each null where everything is asked for. */
export function decodeFilter(data) {
  const checks = [keys, kinds, uint32, uint32].map(optional);
  const [authors, wanted, since, until] = tuple(...checks)(decode(data, limits.MAX_FILTER));
  return { authors, kinds: wanted, since, until };
}

export function encodeFilter({ authors, kinds: wanted = null, since = null, until = null }) {
  return encode([authors && Buffer.concat(authors.toSorted(compare)), wanted, since, until]);
}

/** FR-11; `kept` holds what each side said in SINCE (SY-28). */
export function passes(filter, { author, kind, ts }) {
  if (filter.authors && !filter.authors.some((each) => equal(each, author))) return false;
  if (isControl(kind)) return true;
  if (ts < Math.max(0, ...(filter.kept ?? []).map((since) => since.get(hex(author)) ?? 0))) return false;
  const isWanted = !filter.kinds || filter.kinds.includes(kind);
  return isWanted && ts >= (filter.since ?? 0) && ts < (filter.until ?? Infinity);
}

/** FR-12: the authors of the filter whose bit in `carried` is set. */
export const narrowed = ({ authors }, carried) => authors.filter((_, i) => (carried[i >> 3] >> (i & 7)) & 1);

/** FR-22: from when on each author is kept, by his key. */
export function sinceOf({ authors }, said) {
  const since = new Map();
  for (const [time, carried] of said) narrowed({ authors }, carried).forEach((author) => since.set(hex(author), time));
  return since;
}

/** FR-22, the other way round; `since` gives a time or 0 of an author. */
export function stepsOf(authors, since) {
  const times = [...new Set(authors.map(since))].filter((time) => time > 0).sort((a, b) => a - b);
  return times.map((time) => [time, bitmap(authors, (author) => since(author) === time)]);
}

/** FR-12, the other way round. */
export function bitmap(authors, isCarried) {
  const carried = Buffer.alloc(Math.ceil(authors.length / 8));
  authors.forEach((author, i) => {
    if (isCarried(author)) carried[i >> 3] |= 1 << (i & 7);
  });
  return carried;
}
