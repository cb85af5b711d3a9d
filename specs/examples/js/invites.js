// Invites and their acceptances (07-frames.md, FR-13 to FR-15).
import { bytes, equal, hash, hex, tag } from './bytes.js';
import { decode, encode } from './encoding.js';
import { decodeEntry } from './identity.js';
import { sign, verify } from './keys.js';
import { extra } from './kinds.js';
import * as limits from './limits.js';
import { Logs } from './logs.js';
import { decodeMessage, verifySignature } from './messages.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';
import { SPACES } from './things.js';

const { array, ascending, bin, bin32, bytesUpTo, line, list, tuple, uint, uint16, uint32 } = shapes;
const VERSION = 1;
const SCHEME = 'hedgerow-invite:';
const packed = bytesUpTo(limits.MAX_INVITE);

export function address(value) {
  line(limits.MAX_ADDRESS)(value);
  return /^wss?:\/\/[\u0021-\u007e]+$/.test(value) ? value : refuse('out_of_range', 'no address to meet at');
}

const FIELDS = {
  net: uint16,
  inviter: bin32,
  name: line(limits.MAX_NAME),
  meet: list(tuple(address, bin32), limits.MAX_INVITE_ADDRESSES, 1),
  token: bin(limits.INVITE_TOKEN),
  expiry: uint32,
  uses: uint16,
  follows: ascending(list(bin32, limits.MAX_INVITE_FOLLOWS)),
  extra,
};

/** FR-14: a signed invite, with its id. That the device speaks for the inviter only the inviter's log can say. */
export function decodeInvite(data) {
  const [invite, device, signature] = tuple(packed, bin32, bin(64))(decode(data, limits.MAX_INVITE));
  const fields = decodeFields(invite);
  verify(device, signature, bytes(tag('invite'), invite));
  return { id: hash('invite', invite), fields, device };
}

function decodeFields(invite) {
  const value = array(decode(invite));
  if (value.length > 0) uint()(value[0]);
  if (value[0] !== VERSION) refuse('unsupported_version', 'an invite of another version');
  const [, ...values] = tuple(uint(), ...Object.values(FIELDS))(value);
  return Object.fromEntries(Object.keys(FIELDS).map((name, i) => [name, values[i]]));
}

export const inviteText = (data) => SCHEME + Buffer.from(data).toString('base64url');

/** The bytes of an invite as text, alone, behind words, over several lines or in a link. */
export function parseInvite(given) {
  const joined = given.replace(SPACES, '');
  return bytesBehind(joined.includes(SCHEME) ? SCHEME : '#', joined);
}

/** The bytes whose base64url stands behind the last `mark`. */
export function bytesBehind(mark, joined, max = limits.MAX_INVITE) {
  const digits = joined.split(mark).at(-1);
  if (digits.length > Math.ceil((max * 4) / 3)) refuse('too_big', 'longer than allowed');
  const data = Buffer.from(digits, 'base64url');
  if (digits === '' || data.toString('base64url') !== digits) refuse('not_canonical', 'not the text of an invite');
  return data;
}

// Acceptances

const accepted = tuple(bin32, bin32, bin32, line(limits.MAX_NAME), uint32);

/** FR-15. */
export function decodeAcceptance(data) {
  const [acceptance, signature, log] = tuple(packed, bin(64), entries)(decode(data, limits.MAX_INVITE));
  const messages = log.map(decodeMessage);
  const [invite, author, device, name, ts] = accepted(decode(acceptance));
  checkLog(messages, author, device);
  verify(device, signature, bytes(tag('acceptance'), acceptance));
  return { invite, author, device, name, ts };
}

/** One entry, or an array of two or more. */
function entries(value) {
  if (!Array.isArray(value)) return [packed(value)];
  if (value.length < 2) refuse('out_of_range', 'a log of one entry stands alone');
  return value.map(packed);
}

function checkLog(messages, author, device) {
  messages.forEach(verifySignature);
  const isOfLog = ({ header }) => header.kind === 0 && equal(header.author, author);
  if (!messages.every(isOfLog)) refuse('out_of_range', 'no log entry of this author');
  const said = messages.map((message) => ({ ...message, said: decodeEntry(message.header, message.body) }));
  const log = new Logs(new Map(said.map((message) => [hex(message.id), message]))).of(author);
  const isLive = log.open.some((branch) => log.devices(branch).live.has(hex(device)));
  if (!isLive) refuse('bad_key', 'a device that the log does not name');
}

/** The bytes of a signed acceptance; `seed` is that of the device. */
export function signAcceptance({ invite, author, device, name, ts }, seed, inception) {
  const acceptance = encode([invite, author, device, name, ts]);
  return encode([acceptance, sign(seed, bytes(tag('acceptance'), acceptance)), inception]);
}
