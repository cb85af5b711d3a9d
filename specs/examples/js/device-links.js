// Offers, requests and codes by which a device is linked (07-frames.md, FR-18 to FR-20).
import { createHmac } from 'node:crypto';
import { bytes, equal, hash, tag } from './bytes.js';
import { decode } from './encoding.js';
import { address, bytesBehind } from './invites.js';
import { verify } from './keys.js';
import * as limits from './limits.js';
import { refuse } from './refusal.js';
import { array, bin, bin32, bytesUpTo, line, list, tuple, uint, uint16, uint32 } from './shapes.js';
import { SPACES } from './things.js';

const SIGN = 'device';
const VERSION = 1;
const SCHEME = 'hedgerow-device:';
const packed = bytesUpTo(limits.MAX_INVITE);
const secret = bin(limits.LINK_SECRET);
const offered = (value) => (value === SIGN ? value : refuse('out_of_range', 'no offer'));
const offerFields = tuple(offered, uint(), uint16, bin32, bin32, uint32);
const requestFields = tuple(bin32, bin32, bin32, line(limits.MAX_NAME), uint32);
const places = list(tuple(address, bin32), limits.MAX_INVITE_ADDRESSES, 1);

/** FR-18: a signed offer. */
export function decodeOffer(data) {
  const [offer, device, signature] = tuple(packed, bin32, bin(64))(decode(data, limits.MAX_INVITE));
  const value = array(decode(offer));
  offered(value[0]);
  if (value.length > 1) uint()(value[1]);
  if (value[1] !== VERSION) refuse('unsupported_version', 'an offer of another version');
  const [, , net, author, link, expiry] = offerFields(value);
  verify(device, signature, bytes(tag('device-offer'), offer));
  return { net, author, link, expiry, device };
}

/** FR-20: a request, and whether it proves to know `known`. */
export function decodeRequest(data, known) {
  const [request, signature, proof] = tuple(packed, bin(64), bin32)(decode(data, limits.MAX_INVITE));
  const [link, author, device, name, ts] = requestFields(decode(request));
  const signed = bytes(tag('device-request'), request);
  verify(device, signature, signed);
  const proves = equal(createHmac('sha256', known).update(signed).digest(), proof);
  return { link, author, device, name, ts, proves };
}

/** FR-19: a code as text. */
export function parseCode(text) {
  const data = bytesBehind(SCHEME, text.replace(SPACES, ''));
  const [offer, meet, found] = tuple(packed, places, secret)(decode(data, limits.MAX_INVITE));
  if (!equal(hash('device-link', found), decodeOffer(offer).link)) refuse('out_of_range', 'another secret');
  return { data, offer, meet, secret: found };
}

export const codeText = (data) => SCHEME + Buffer.from(data).toString('base64url');
