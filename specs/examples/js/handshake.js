// Who is at the other end: the hellos in the Noise handshake and their certificates (06-handshake.md).
import { bytes, equal, tag } from './bytes.js';
import { decode, encode } from './encoding.js';
import { sign, verify } from './keys.js';
import * as limits from './limits.js';
import { NoiseXX } from './noise.js';
import { Refusal, refuse } from './refusal.js';
import { bin, bin32, text, tuple, uint, uint32, uint8 } from './shapes.js';

export const SUBPROTOCOL = 'hedgerow.1';

/** HS-2: what both sides must have seen alike before the first message. */
export function prologue(net, offered, chosen) {
  const isName = (name) => /^[\u0020-\u007e]+$/.test(name) && name.length <= limits.MAX_SUBPROTOCOL;
  const holds = offered.length <= limits.MAX_SUBPROTOCOLS && offered.every(isName) && offered.includes(chosen);
  if (!holds) refuse('bad_handshake', 'subprotocols that no honest peer offers or chooses');
  return encode(['hedgerow/1', net, offered, chosen]);
}

// Hello and certificate

const FIELDS = {
  device: bin32,
  author: bin32,
  certificate: bin(64),
  not_after: uint32,
  min_v: uint8,
  max_v: uint8,
  features: bin(limits.FEATURES),
  role: uint(1),
  agent: text(limits.MAX_AGENT),
  clock: uint32,
};
const NAMES = Object.keys(FIELDS);

function decodeHello(data) {
  const values = tuple(...Object.values(FIELDS))(decode(data));
  const hello = Object.fromEntries(NAMES.map((name, i) => [name, values[i]]));
  return hello.min_v <= hello.max_v ? hello : refuse('out_of_range', 'min_v above max_v');
}

export const encodeHello = (hello) => encode(NAMES.map((name) => hello[name]));

/** HS-12: what the device signs. */
function certified(net, author, staticKey, notAfter) {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(net, 0);
  numbers.writeUInt32BE(notAfter, 2);
  return bytes(tag('noise-static'), numbers.subarray(0, 2), author, staticKey, numbers.subarray(2));
}

export const makeCertificate = (seed, net, author, staticKey, notAfter) =>
  sign(seed, certified(net, author, staticKey, notAfter));

// Judging

/** HS-15, from the hello on. `own` has net, now, hello and expectedDevice (or null). Gives the terms of the link. */
function judge(own, theirStatic, payload) {
  const peer = decodeHello(payload);
  checkPeer(own, peer);
  checkTime(own.now, peer.not_after);
  checkCertificate(own.net, theirStatic, peer);
  return { peer, ...terms(own.hello, peer) };
}

function checkPeer({ hello, expectedDevice }, { device }) {
  const isOther = expectedDevice && !equal(device, expectedDevice);
  if (isOther || equal(device, hello.device)) refuse('wrong_peer', 'not the device that was expected');
}

function checkTime(now, notAfter) {
  const latest = now + limits.CERTIFICATE_DAYS * limits.SECONDS_PER_DAY + limits.CERTIFICATE_CLOCK_SKEW;
  const holds = notAfter >= now - limits.CERTIFICATE_CLOCK_SKEW && notAfter <= latest;
  if (!holds) refuse('bad_certificate', 'a certificate that has ended or lasts too long');
}

function checkCertificate(net, theirStatic, { device, author, certificate, not_after: notAfter }) {
  try {
    verify(device, certificate, certified(net, author, theirStatic, notAfter));
  } catch (error) {
    if (error instanceof Refusal) refuse('bad_certificate', error.message);
    throw error;
  }
}

/** HS-17 and HS-10. */
function terms(own, peer) {
  const version = Math.min(own.max_v, peer.max_v);
  if (version < Math.max(own.min_v, peer.min_v)) refuse('unsupported_version', 'no common version of frames');
  return { version, features: own.features.map((byte, i) => byte & peer.features[i]) };
}

// The two sides

function checkSize(message) {
  if (message.length > limits.MAX_FRAME_BEFORE_AUTHENTICATION) refuse('too_big', 'a handshake message too long');
}

/** `own` has net, offered, chosen, static, ephemeral, hello (its bytes), now and expectedDevice. */
class Side {
  constructor(own, isInitiator) {
    this.own = { ...own, hello: decodeHello(own.hello) };
    this.hello = own.hello;
    this.noise = new NoiseXX({ ...own, isInitiator, prologue: prologue(own.net, own.offered, own.chosen) });
  }

  read(message) {
    checkSize(message);
    return this.noise.read(message);
  }

  judge(payload) {
    this.link = judge(this.own, this.noise.theirStatic, payload);
  }

  established = () => ({ ...this.link, handshakeHash: this.noise.h, ...this.noise.split() });
}

/** Say first(), then answer message 2; the link is established with it. */
export class Initiator extends Side {
  constructor(own) {
    super(own, true);
  }

  first = () => this.noise.write(Buffer.alloc(0));

  answer(second) {
    this.judge(this.read(second));
    return this.noise.write(this.hello);
  }
}

/** Answer message 1; the link is established when finish() has passed message 3. */
export class Responder extends Side {
  constructor(own) {
    super(own, false);
  }

  answer(first) {
    const payload = this.read(first);
    if (payload.length > 0) refuse('bad_handshake', 'more than a key in message 1');
    return this.noise.write(this.hello);
  }

  finish(third) {
    this.judge(this.read(third));
  }
}
