// What people say: the bodies of messages by kind (05-kinds.md).
import { decode, encode } from './encoding.js';
import * as limits from './limits.js';
import { maxBody } from './messages.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';
import { thing } from './things.js';

const { anything, array, ascending, bin, bin32, bool, empty, line, list, numerically, optional, text, tuple, uint, uint16 } = shapes;
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

export const KINDS = { 1: retract, 2: profile, 3: follow, 4: resource, 5: endorse, 6: connect, 8: comment };

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

function known(kind, value) {
  if (kind.closed) value.slice(1, 3).forEach(empty);
  const checks = Object.values(kind.fields);
  const first = kind.slot ? 4 : 3;
  const last = first + checks.length;
  if (value.length !== last + (kind.closed ? 0 : 1)) refuse('wrong_shape', 'another number of positions');
  const content = checks.map((check, i) => check(value[first + i]));
  if (kind.slot && value[3] !== kind.slot(content)) refuse('wrong_slot', 'not the slot of this content');
  return { slot: kind.slot ? value[3] : null, content, extra: kind.closed ? [] : extra(value[last]) };
}

/** The bytes of a body; `content` has the fields of its kind in order. */
export function encodeBody(number, { nonce, topics: about = [], refs: on = [], content, extra: more = [] }) {
  const { slot, closed } = KINDS[number];
  return encode([nonce, about, on, ...(slot ? [slot(content)] : []), ...content, ...(closed ? [] : [more])]);
}
