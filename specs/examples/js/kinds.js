// What people say: the bodies of messages by kind (05-kinds.md).
import { fromBase58, isAscending, isBase58 } from './bytes.js';
import { decode, encode } from './encoding.js';
import * as limits from './limits.js';
import { maxBody } from './messages.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';
import { thing } from './things.js';

const { anything, array, ascending, bin, bin32, bool, empty, line, list, numerically, optional, text, tuple } = shapes;
const { uint, uint16, uint32 } = shapes;
const word = line(limits.MAX_WORD);
const topics = list(line(limits.MAX_TOPIC, 1), limits.MAX_TOPICS);
const refs = list(tuple(uint16, bin32), limits.MAX_REFS);
export const extra = ascending(list(tuple(uint(), anything), limits.MAX_EXTRA), ([a], [b]) => numerically(a, b));

/** The fields are the content of a body, in order; the slot is computed from them (KI-3). */
const retract = {
  name: 'retract',
  closed: true,
  fields: { targets: ascending(list(bin32, limits.MAX_TARGETS, 1)), reason: uint16 },
};
const profile = {
  name: 'profile',
  fields: { name: line(limits.MAX_NAME), about: text(limits.MAX_SUMMARY), machine: bool },
  slot: () => '',
};
const follow = {
  name: 'follow',
  fields: { target: thing, reason: text(limits.MAX_TEXT) },
  slot: ([target]) => target,
};
const resource = {
  name: 'resource',
  fields: {
    thing,
    title: line(limits.MAX_TITLE),
    summary: text(limits.MAX_SUMMARY),
    language: word,
    type: word,
    level: word,
    audience: word,
    teaches: list(line(limits.MAX_TOPIC, 1), limits.MAX_WORDS),
    licence: line(limits.MAX_TITLE),
    minutes: optional(uint(limits.MAX_MINUTES)),
    authors: list(line(limits.MAX_NAME, 1), limits.MAX_WORDS),
  },
  slot: ([of]) => of,
};
const endorse = {
  name: 'endorse',
  fields: {
    thing,
    stance: uint16,
    level: word,
    audience: word,
    reason: text(limits.MAX_TEXT),
    topic: line(limits.MAX_TOPIC),
  },
  slot: ([of, , , , , topic]) => (topic === '' ? of : `${of}\t${topic}`),
};
const connect = {
  name: 'connect',
  fields: { from: thing, relation: uint16, to: thing, reason: text(limits.MAX_TEXT) },
  slot: ([from, relation, to]) => `${from}\t${relation}\t${to}`,
};
const comment = {
  name: 'comment',
  fields: { thing, role: uint16, text: text(limits.MAX_TEXT, 1) },
};
const attest = {
  name: 'attest',
  fields: { thing, claim: uint16, value: claimed, checkedAt: uint32 },
};
const label = {
  name: 'label',
  fields: { thing, label: line(limits.MAX_WORD, 1), reason: text(limits.MAX_TEXT) },
  slot: ([of, word]) => `${of}\t${word}`,
};
const introduce = {
  name: 'introduce',
  fields: { one: thing, other: thing, reason: text(limits.MAX_TEXT) },
};
const vouch = { ...follow, name: 'vouch' };
const receipt = {
  name: 'receipt',
  fields: { device: bin32, seq: from1, id: bin32, heldSince: uint32 },
};

function claimed(value) {
  if (typeof value === 'string') return line(limits.MAX_THING)(value);
  return typeof value === 'boolean' ? value : uint()(value);
}

function from1(value) {
  return uint32(value) > 0 ? value : refuse('out_of_range', 'counted from 1');
}

/** The slot of a trail does not follow from its content; it is a field of its own (KI-22). */
const trail = {
  name: 'trail',
  fields: {
    slot: trailSlot,
    title: line(limits.MAX_TITLE, 1),
    summary: text(limits.MAX_SUMMARY),
    steps,
    lineage: list(bin32, limits.MAX_LINEAGE),
  },
  isSlotStated: true,
  slot: ([slot]) => slot,
};

function trailSlot(value) {
  const wrongSlot = () => refuse('wrong_slot', 'not base58 of 16 bytes');
  if (typeof value !== 'string' || !isBase58(value)) wrongSlot();
  return fromBase58(value).length === limits.TRAIL_SLOT ? value : wrongSlot();
}

/** KI-23: each step by itself, then what the steps require of each other. */
function steps(value) {
  list(step, limits.MAX_STEPS)(value);
  value.forEach(([, , , requires], place) => {
    const areBefore = isAscending(requires, numerically) && requires.every((each) => each < place);
    if (!areBefore) refuse('out_of_range', 'a step that requires what does not come before it');
  });
  return value;
}

function step(value) {
  const [of, role] = stepPositions(value);
  return of === null && role === '' ? refuse('out_of_range', 'a step without a thing and without a role') : value;
}

const stepPositions = tuple(
  optional(thing),
  line(limits.MAX_TOPIC),
  text(limits.MAX_SUMMARY),
  list(uint(), limits.MAX_STEPS),
  optional(uint(limits.MAX_MINUTES)),
  bool,
);

export const KINDS = {
  1: retract,
  2: profile,
  3: follow,
  4: resource,
  5: endorse,
  6: connect,
  7: trail,
  8: comment,
  9: attest,
  10: label,
  11: introduce,
  12: vouch,
  13: receipt,
};

/** KI-1: the three positions that every body begins with. */
export function opening(value) {
  if (array(value).length < 3) refuse('wrong_shape', 'a body without its opening');
  return { nonce: bin(limits.NONCE)(value[0]), topics: topics(value[1]), refs: refs(value[2]) };
}

/** KI-2, in its order: size and encoding, opening, number of positions, content, slot, extra. */
export function decodeBody(number, data) {
  const value = decode(data, maxBody(number));
  const opened = opening(value);
  const kind = KINDS[number];
  return kind ? { ...opened, ...known(kind, value) } : { ...opened, slot: null, content: value.slice(3), extra: [] };
}

const hasComputedSlot = ({ slot, isSlotStated }) => Boolean(slot) && !isSlotStated;

function known(kind, value) {
  if (kind.closed) value.slice(1, 3).forEach(empty);
  const checks = Object.values(kind.fields);
  const first = hasComputedSlot(kind) ? 4 : 3;
  const last = first + checks.length;
  if (value.length !== last + (kind.closed ? 0 : 1)) refuse('wrong_shape', 'another number of positions');
  const content = checks.map((check, i) => check(value[first + i]));
  if (kind.slot && value[3] !== kind.slot(content)) refuse('wrong_slot', 'not the slot of this content');
  return { slot: kind.slot ? value[3] : null, content, extra: kind.closed ? [] : extra(value[last]) };
}

/** The bytes of a body; `content` has the fields of its kind in order. */
export function encodeBody(number, { nonce, topics: about = [], refs: on = [], content, extra: more = [] }) {
  const kind = KINDS[number];
  const slot = hasComputedSlot(kind) ? [kind.slot(content)] : [];
  return encode([nonce, about, on, ...slot, ...content, ...(kind.closed ? [] : [more])]);
}
