// For each file of vectors: how a case is put to this implementation, and what comes out.
// A judge gives results under the keys of the vector, or throws a Refusal.
import { fromBase58, hash, hex, toBase58 } from './bytes.js';
import { decode, encode } from './encoding.js';
import { decodeFilter, decodeFrame, encodeFilter, encodeFrame, frameValues, narrowed, passes } from './frames.js';
import { checkFork } from './forks.js';
import { AUTHORISED, Logs } from './logs.js';
import { decodeAcceptance, decodeInvite, inviteText, parseInvite } from './invites.js';
import { HANDSHAKE_INPUTS, judgeChannel, judgeHandshake, judgeNoise, NOISE_INPUTS } from './judges-links.js';
import { judgeReconciliation, judgeResponder, RECONCILIATION_INPUTS } from './judges-sync.js';
import { fromDid, recoveryKey, toDid, verify } from './keys.js';
import { decodeBody } from './kinds.js';
import { decodeHeader, decodeMessage, encodeHeader, messageId, verifySignature } from './messages.js';
import { bytesOf, jsonOf } from './notation.js';
import { receive } from './receive.js';
import { Refusal } from './refusal.js';
import { canonicalThing, thing } from './things.js';

/** What we write must be what we read; a difference is a defect of ours, not a refusal. */
function mustEqual(written, read) {
  const same = typeof written === 'string' ? written === read : written.equals(read);
  if (!same) throw new Error('what was read is not what would be written');
}

// 01-identity

/** The network in which the vectors are. */
const NET = 2;
const whole = (data) => receive(bytesOf(data), NET);

function logsOf(held) {
  const messages = new Map(held.map(whole).map((message) => [hex(message.id), message]));
  return new Logs(messages);
}

const judged = (data) => ({ id: messageId(bytesOf(data)), header: decodeHeader(bytesOf(data)) });

function authorisation({ held, header }) {
  const logs = logsOf(held);
  const message = judged(header);
  return { authorised: logs.standing(message) === AUTHORISED, contested: logs.isContested(message.header.author) };
}

function standings({ held, headers }) {
  const logs = logsOf(held);
  const standing = (header) => logs.standing(judged(header));
  const log = logs.of(judged(headers[0][0]).header.author);
  const places = held.map((data, i) => [i, log.byId.get(hex(whole(data).id))]);
  const belong = places.filter(([, entry]) => log.belong.has(entry)).map(([i]) => i);
  return { headers: headers.map(([header]) => [header, standing(header)]), branches: log.open.length, belong };
}

function fork({ messages: [first, second] }) {
  checkFork(bytesOf(first), bytesOf(second));
  return {};
}

const entry = ({ message: data }) => ({ entry: jsonOf(whole(data).said) });

function keyAsText({ did }) {
  const key = fromDid(did);
  mustEqual(toDid(key), did);
  return { key: hex(key) };
}

function recovery({ entropy, number }) {
  const { seed, key, commitment } = recoveryKey(bytesOf(entropy), number);
  return { seed: hex(seed), key: hex(key), commitment: hex(commitment) };
}

// 02-encoding

function base58({ text }) {
  const data = fromBase58(text);
  mustEqual(toBase58(data), text);
  return { data: hex(data) };
}

function value({ bytes, max_size: maxSize }) {
  const data = bytesOf(bytes);
  const decoded = decode(data, maxSize);
  mustEqual(encode(decoded), data);
  return { value: jsonOf(decoded) };
}

function signature({ key, signature: signed, message }) {
  verify(bytesOf(key), bytesOf(signed), bytesOf(message));
  return {};
}

// 03-messages

function header({ header: given }) {
  const read = decodeHeader(bytesOf(given));
  mustEqual(encodeHeader(read), bytesOf(given));
  const { bodyLen: body_len, bodyHash: body_hash, ...fields } = read;
  return { fields: jsonOf({ ...fields, body_len, body_hash }) };
}

/** Steps 1 to 5 and 8 of ME-10: net and kind are not judged here. */
function message({ message: given }) {
  const read = decodeMessage(bytesOf(given));
  verifySignature(read);
  return { id: hex(read.id), body: jsonOf(read.body) };
}

// 04-things

const given = ({ given: words }) => ({ canonical: canonicalThing(words) });

function topic({ given: words }) {
  const canonical = canonicalThing(words);
  return { canonical, words: decodeURIComponent(canonical.slice('topic:'.length)) };
}

function form({ thing: value }) {
  thing(value);
  return {};
}

// 05-kinds

function body({ kind, body: given }) {
  const { nonce, topics, refs, content, extra } = decodeBody(kind, bytesOf(given));
  return { value: { nonce: hex(nonce), ...jsonOf({ topics, refs, content, extra }) } };
}

// 07-frames

function frame({ bytes }) {
  const read = decodeFrame(bytesOf(bytes));
  if (read === null) return { frame: null };
  mustEqual(encodeFrame(read), bytesOf(bytes));
  return { frame: read.name, values: jsonOf(frameValues(read)) };
}

function filter({ bytes, carried, header: about }) {
  const read = decodeFilter(bytesOf(bytes));
  mustEqual(encodeFilter(read), bytesOf(bytes));
  const { authors, kinds, since, until } = read;
  const values = jsonOf([authors && Buffer.concat(authors), kinds, since, until]);
  const narrow = carried === undefined ? {} : { narrowed: hex(Buffer.concat(narrowed(read, bytesOf(carried)))) };
  return { values, ...narrow, ...(about ? { passes: passes(read, decodeHeader(bytesOf(about))) } : {}) };
}

/** Bytes or text are given, whichever stands first; the other is a result. */
function invite(given) {
  if (given.acceptance !== undefined) return { values: acceptanceValues(bytesOf(given.acceptance)) };
  const isText = Object.keys(given).find((key) => key === 'text' || key === 'invite') === 'text';
  const data = isText ? parseInvite(given.text) : bytesOf(given.invite);
  const { id, fields } = decodeInvite(data);
  return { ...(isText ? { invite: hex(data) } : { text: inviteText(data) }), id: hex(id), values: jsonOf(fields) };
}

function acceptanceValues(data) {
  const { invite: of, author, device, name, ts } = decodeAcceptance(data);
  return { invite: hex(of), author: hex(author), device: hex(device), name, ts };
}

/** Each with the keys of a case that are put in; all others are results. */
export const JUDGES = {
  '01-identity/authorisation': [['held', 'header'], authorisation],
  '01-identity/changes': [['message'], entry],
  '01-identity/forks': [['messages'], fork],
  '01-identity/keys-as-text': [['did'], keyAsText],
  '01-identity/log-entries': [['message'], entry],
  '01-identity/recovery-keys': [['entropy', 'number'], recovery],
  '01-identity/standings': [['held'], standings],
  '02-encoding/base58': [['text'], base58],
  '02-encoding/hashes': [['purpose', 'data'], ({ purpose, data }) => ({ hash: hex(hash(purpose, bytesOf(data))) })],
  '02-encoding/signatures': [['key', 'signature', 'message'], signature],
  '02-encoding/values': [['bytes', 'max_size'], value],
  '03-messages/headers': [['header'], header],
  '03-messages/messages': [['message'], message],
  '04-things/addresses': [['given'], given],
  '04-things/forms': [['thing'], form],
  '04-things/identifiers': [['given'], given],
  '04-things/topics': [['given'], topic],
  '06-handshake/channel': [['key', 'skip', 'plaintexts'], judgeChannel],
  '06-handshake/handshake': [HANDSHAKE_INPUTS, judgeHandshake],
  '06-handshake/noise-xx': [NOISE_INPUTS, judgeNoise],
  '07-frames/filters': [['bytes', 'carried', 'header'], filter],
  '07-frames/frames': [['bytes'], frame],
  '07-frames/invites': [['invite', 'text', 'acceptance'], invite],
  '08-reconciliation/negentropy': [RECONCILIATION_INPUTS, judgeReconciliation],
  '08-sync/responder': [['carries', 'private', 'held'], judgeResponder],
};
const BODIES = [
  ...['attest', 'comment', 'connect', 'endorse', 'follow', 'introduce', 'label', 'opening', 'profile', 'receipt'],
  ...['resource', 'retract', 'step', 'trail', 'unknown', 'vouch'],
];
for (const kind of BODIES) JUDGES[`05-kinds/${kind}`] = [['kind', 'body'], body];

/** {expect, …results} of one case of `file`; {expect: null} where the file is unknown. */
export function judge(file, given) {
  const [, put] = JUDGES[file] ?? [];
  if (!put) return { expect: null };
  try {
    return { expect: 'ok', ...put(given) };
  } catch (error) {
    if (error instanceof Refusal) return { expect: error.reason, ...error.results };
    throw error;
  }
}
