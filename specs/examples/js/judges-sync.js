// How the vectors of 08-reconciliation and 08-sync are put to this implementation.
import { Answers } from './answers.js';
import { equal, hex, sha256, splitRun } from './bytes.js';
import { decodeFrame, encodeFrame } from './frames.js';
import { bytesOf } from './notation.js';
import { Initiator, ItemSet, Responder } from './reconcile.js';
import { Refusal } from './refusal.js';
import { receive } from './receive.js';
import { Store } from './store.js';

// Reconciliation

export const judgeReconciliation = (given) => (given.message === undefined ? session(given) : oneMessage(given));

function oneMessage({ roles, message }) {
  const replies = roles.map((role) => {
    if (role === 'responder') return new Responder(new ItemSet([]), 0).answer(bytesOf(message));
    const next = new Initiator(new ItemSet([]), 0).answer(bytesOf(message));
    return next === null ? Buffer.from([0x61]) : next;
  });
  return { reply: hex(replies[0]) };
}

function session(given) {
  const items = itemsOf(given);
  const [own, theirs] = given.frame_limit;
  const initiator = new Initiator(new ItemSet(items(given.initiator)), own);
  const responder = new Responder(new ItemSet(items(given.responder)), theirs);
  const messages = [];
  for (let next = initiator.first(); next !== null; next = initiator.answer(messages.at(-1))) {
    messages.push(next, responder.answer(next));
  }
  const numbers = numbersOf(given);
  return { messages: messages.map(hex), have: numbers(initiator.have), need: numbers(initiator.need) };
}

function numbersIn([start, stop, step]) {
  return Array.from({ length: Math.ceil((stop - start) / step) }, (_, i) => start + i * step);
}

function itemNumbers({ with: included, without: excluded }) {
  const left = new Set(included.flatMap(numbersIn));
  excluded.flatMap(numbersIn).forEach((number) => left.delete(number));
  return [...left];
}

/** As the field `items` of the file says. */
function itemOf({ time: [first, gap, share], id_prefix: prefix }, number) {
  const start = bytesOf(prefix);
  const id = Buffer.concat([start, sha256(`item${number}`).subarray(start.length)]);
  return { ts: first + Math.floor((number * gap) / share), id };
}

const itemsOf = (given) => (side) => itemNumbers(side).map((number) => itemOf(given, number));

function numbersOf(given) {
  const all = [...itemNumbers(given.initiator), ...itemNumbers(given.responder)];
  const byId = new Map(all.map((number) => [hex(itemOf(given, number).id), number]));
  return (ids) => ids.map((id) => byId.get(hex(id))).sort((a, b) => a - b);
}

// A responder on a link

const NET = 2;

export function judgeResponder({ carries, private: hidden, since = 0, held, exchange }) {
  const store = new Store();
  for (const data of held.map(bytesOf)) store.add(receive(data, NET));
  const carried = splitRun(bytesOf(carries));
  const isCarried = (author) => carried.some((each) => equal(each, author));
  const answers = new Answers({ store, carries: isCarried, carried, since: () => since, parity: 1 });
  const done = [];
  try {
    for (const [received] of exchange) done.push([received, answerTo(answers, received)]);
  } catch (error) {
    if (error instanceof Refusal) error.results = { exchange: [...done, [exchange[done.length][0], []]] };
    throw error;
  }
  return { exchange: done };
}

const answerTo = (answers, received) =>
  answers.answer(decodeFrame(bytesOf(received))).map((frame) => hex(encodeFrame(frame)));
