// Header, body, id and signature of a message (03-messages.md).
import { hash, bytes, tag } from './bytes.js';
import { decode, encode } from './encoding.js';
import { sign, verify } from './keys.js';
import { MAX_BODY, MAX_CONTROL_BODY, MAX_HEADER, MAX_MESSAGE, MAX_RECEIPT, MAX_REPLACES } from './limits.js';
import { refuse } from './refusal.js';
import * as shapes from './shapes.js';

const { array, ascending, bin, bin32, bytesUpTo, list, optional, tuple, uint, uint16, uint32 } = shapes;
const VERSION = 1;
const ids = list(bin32, MAX_REPLACES);
const positions = tuple(
  ...[uint(), uint16, uint16, bin32, bin32],
  ...[uint32, optional(bin32), uint32, uint(MAX_BODY), bin32, ids],
);

export const isControl = (kind) => kind === 0 || kind === 1 || (kind >= 80 && kind <= 99);
const RECEIPT = 13;
export const maxBody = (kind) => (isControl(kind) ? MAX_CONTROL_BODY : kind === RECEIPT ? MAX_RECEIPT : MAX_BODY);

/** Steps 2 and 3 of ME-10. */
export function decodeHeader(data) {
  const value = array(decode(data, MAX_HEADER));
  checkVersion(value);
  const [, net, kind, author, device, seq, prev, ts, bodyLen, bodyHash, replaces] = positions(value);
  const header = { net, kind, author, device, seq, prev, ts, bodyLen, bodyHash, replaces };
  checkHeader(header);
  return header;
}

/** ME-3: the version is read before the number of positions is judged. */
function checkVersion(value) {
  if (value.length > 0 && typeof value[0] !== 'number') refuse('wrong_shape', 'a version that is no number');
  if (value[0] !== VERSION) refuse('unsupported_version', 'a header of another version');
}

/** ME-4 and ME-5. */
function checkHeader({ kind, seq, prev, bodyLen, replaces }) {
  if (seq < 1) refuse('out_of_range', 'seq begins at 1');
  if ((prev === null) !== (seq === 1)) refuse('wrong_shape', 'prev is nil exactly when seq is 1');
  ascending(shapes.anything)(replaces);
  if (isControl(kind) && replaces.length > 0) refuse('out_of_range', 'a control kind replaces nothing');
  if (bodyLen > maxBody(kind)) refuse('out_of_range', 'a body too long for its kind');
}

export function encodeHeader({ net, kind, author, device, seq, prev, ts, bodyLen, bodyHash, replaces }) {
  return encode([VERSION, net, kind, author, device, seq, prev, ts, bodyLen, bodyHash, replaces]);
}

export const messageId = (headerBytes) => hash('message', headerBytes);

/** Steps 1 to 5 of ME-10. The bytes of header and body are kept as they came (CO-5). */
export function decodeMessage(data) {
  const value = array(decode(data, MAX_MESSAGE));
  if (value.length !== 3 || !(value[0] instanceof Uint8Array)) refuse('wrong_shape', 'not header, signature, body');
  const [headerBytes] = value;
  const header = decodeHeader(headerBytes);
  const [, signature, body] = tuple(shapes.anything, bin(64), optional(bytesUpTo(MAX_BODY)))(value);
  if (body !== null) checkBody(header, body);
  return { id: messageId(headerBytes), header, headerBytes, signature, body, data };
}

/** ME-6. */
function checkBody({ bodyLen, bodyHash }, body) {
  const holds = body.length === bodyLen && hash('body', body).equals(bodyHash);
  if (!holds) refuse('body_mismatch', 'another body than the one that was signed');
}

/** ME-8. */
export const verifySignature = ({ header, headerBytes, signature }) =>
  verify(header.device, signature, bytes(tag('sig'), headerBytes));

/** The bytes of a message; `fields` are those of the header without what follows from the body. */
export function signMessage(fields, body, seed) {
  const headerBytes = encodeHeader({ ...fields, bodyLen: body.length, bodyHash: hash('body', body) });
  return encode([headerBytes, sign(seed, bytes(tag('sig'), headerBytes)), body]);
}
