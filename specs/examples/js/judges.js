// For each file of vectors: how a case is put to this implementation, and what comes out.
// A judge gives results under the keys of the vector, or throws a Refusal.
import { decodeRecord, listText, parseList } from './addresses.js';
import { fromBase58, hash, hex, toBase58 } from './bytes.js';
import { codeText, decodeOffer, decodeRequest, parseCode } from './device-links.js';
import { decode, encode } from './encoding.js';
import { decodeFilter, decodeFrame, encodeFilter, encodeFrame, frameValues, narrowed, passes } from './frames.js';
import { checkFork } from './forks.js';
import { AUTHORISED, Logs } from './logs.js';
import { decodeAcceptance, decodeInvite, inviteText, parseInvite } from './invites.js';
import { judgeChannel, judgeHandshake, judgeNoise } from './judges-links.js';
import { judgeReconciliation, judgeResponder } from './judges-sync.js';
import { fromDid, recoveryKey, toDid, verify } from './keys.js';
import { decodeBody } from './kinds.js';
import { decodeHeader, decodeMessage, encodeHeader, messageId, verifySignature } from './messages.js';
import { bytesOf, jsonOf } from './notation.js';
import { receive } from './receive.js';
import { Refusal } from './refusal.js';
import { masses } from './scope.js';
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

const ENTRY_NAMES = { operation: 'op', index: 'idx', previous: 'log_prev' };

function entry({ message: data }) {
  const fields = Object.entries(whole(data).said).map(([name, value]) => [ENTRY_NAMES[name] ?? name, value]);
  return { entry: jsonOf(Object.fromEntries(fields)) };
}

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
  const [scheme, name] = [canonical.slice(0, 'topic:'.length), canonical.slice('topic:'.length)];
  return scheme === 'topic:' ? { canonical, words: decodeURIComponent(name) } : { canonical };
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
  return { frame: read.name.replace(/(?<=[a-z])(?=[A-Z])/, '_').toUpperCase(), values: jsonOf(frameValues(read)) };
}

function filter({ bytes, carried, header: about }) {
  const read = decodeFilter(bytesOf(bytes));
  mustEqual(encodeFilter(read), bytesOf(bytes));
  const { authors, kinds, since, until } = read;
  const values = jsonOf([authors && Buffer.concat(authors), kinds, since, until]);
  const narrow = carried === undefined ? {} : { narrowed: hex(Buffer.concat(narrowed(read, bytesOf(carried)))) };
  return { values, ...narrow, ...(about ? { passes: passes(read, decodeHeader(bytesOf(about))) } : {}) };
}

function invite({ invite: data, text, acceptance }) {
  if (acceptance !== undefined) return { values: acceptanceValues(bytesOf(acceptance)) };
  if (text !== undefined) return readText(text);
  const { id, fields } = decodeInvite(bytesOf(data));
  return { as_text: inviteText(bytesOf(data)), id: hex(id), values: jsonOf(fields) };
}

function readText(text) {
  const data = parseInvite(text);
  decodeInvite(data);
  return { as_bytes: hex(data) };
}

function acceptanceValues(data) {
  const { invite: of, author, device, name, ts } = decodeAcceptance(data);
  return { invite: hex(of), author: hex(author), device: hex(device), name, ts };
}

function deviceLink({ offer, request, secret, text }) {
  if (offer !== undefined) return offerValues(bytesOf(offer));
  if (request !== undefined) return requestValues(decodeRequest(bytesOf(request), bytesOf(secret)));
  const code = parseCode(text);
  return { as_text: codeText(code.data), has_offer: hex(code.offer), has_secret: hex(code.secret) };
}

function offerValues(data) {
  const { net, expiry, author, link, device } = decodeOffer(data);
  return { net, expiry, values: [author, link, device].map(hex) };
}

const requestValues = ({ link, author, device, name, ts, proves }) => ({
  proves,
  values: [...[link, author, device].map(hex), name, ts],
});

// 10-scope

function mass({ follows, blocked }) {
  const ranked = masses(0, new Map(follows), blocked);
  return { ranked: ranked.map(([person, part, introducer]) => [person, Math.round(part * 1e6), introducer]) };
}

// 11-discovery

function record({ record: data }) {
  const { device, author, ...said } = decodeRecord(bytesOf(data));
  return { values: { ...jsonOf(said), device: hex(device), author: hex(author) } };
}

function nodeList({ text }) {
  const { data, author, name: label, ts, nodes } = parseList(text);
  return { as_text: listText(data), author: hex(author), label, ts, devices: nodes.map(({ device }) => hex(device)) };
}

/** Each is given the inputs of a case. */
const JUDGES = {
  '01-identity/authorisation': authorisation,
  '01-identity/changes': entry,
  '01-identity/forks': fork,
  '01-identity/keys-as-text': keyAsText,
  '01-identity/log-entries': entry,
  '01-identity/recovery-keys': recovery,
  '01-identity/standings': standings,
  '02-encoding/base58': base58,
  '02-encoding/hashes': ({ purpose, data }) => ({ hash: hex(hash(purpose, bytesOf(data))) }),
  '02-encoding/signatures': signature,
  '02-encoding/values': value,
  '03-messages/headers': header,
  '03-messages/messages': message,
  '03-messages/received': ({ message: given }) => ({ id: hex(whole(given).id) }),
  '04-things/addresses': given,
  '04-things/forms': form,
  '04-things/identifiers': given,
  '04-things/topics': topic,
  '06-handshake/channel': judgeChannel,
  '06-handshake/handshake': judgeHandshake,
  '06-handshake/noise-xx': judgeNoise,
  '07-frames/devices': deviceLink,
  '07-frames/filters': filter,
  '07-frames/frames': frame,
  '07-frames/invites': invite,
  '08-reconciliation/negentropy': judgeReconciliation,
  '10-scope/mass': mass,
  '11-discovery/lists': nodeList,
  '11-discovery/records': record,
  '08-sync/responder': judgeResponder,
  '10-edges-and-scope/responder': judgeResponder,
};
const BODIES = [
  ...['attest', 'comment', 'connect', 'endorse', 'follow', 'introduce', 'label', 'opening', 'profile', 'receipt'],
  ...['resource', 'retract', 'step', 'trail', 'unknown', 'vouch'],
];
for (const kind of BODIES) JUDGES[`05-kinds/${kind}`] = body;

/** {expect, …results} of one case of `file`; {expect: null} where the file is unknown. */
export function judge(file, given) {
  const put = JUDGES[file];
  if (!put) return { expect: null };
  try {
    return { expect: 'ok', ...put(given) };
  } catch (error) {
    if (error instanceof Refusal) return { expect: error.reason, ...error.results };
    throw error;
  }
}
